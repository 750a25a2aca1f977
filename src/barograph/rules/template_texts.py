"""Templates in Prometheus' language for the texts of rules, with queries at the evaluation's instant."""

from barograph.model.errors import QueryError
from barograph.promql.engine import Engine
from barograph.promql.value import StepScalar, StepVector
from barograph.rules.texts import Renderable, RowText
from barograph.templates.template import Template, TemplateData, parse
from barograph.templates.values import QuerySample


class TemplateTexts:
    """Parses templates whose queries an engine answers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def parse(self, text: str, name: str) -> Renderable:
        """See `ParseText`.

        Raises:
            TemplateError: It is no template.
        """
        return _RuleTemplate(parse(text, name=name), self._engine)


class _RuleTemplate:
    def __init__(self, template: Template, engine: Engine) -> None:
        self._template = template
        self._engine = engine

    def render(self, row: RowText) -> str:
        data = TemplateData(
            labels=row.labels.to_dict(),
            value=row.value,
            external_labels=row.external_labels,
            external_url=row.external_url,
            at_ms=row.at_ms,
        )
        return self._template.render(data, lambda text: self._query(text, row.at_ms))

    def _query(self, text: str, at_ms: int) -> list[QuerySample]:
        value = self._engine.instant(text, at_ms).value
        if isinstance(value, StepScalar):
            return [QuerySample(labels={}, value=float(value.values[0]))]
        if isinstance(value, StepVector):
            return [
                QuerySample(labels=labels.to_dict(), value=float(number))
                for labels, number in zip(value.labels, value.values[:, 0].tolist(), strict=True)
            ]
        raise QueryError("query result is not a vector or scalar")
