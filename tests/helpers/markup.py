"""Texts that would do something if a page took them for markup, and the marks by which one that did is known."""

import itertools
from collections.abc import Callable

TAG = "xss-canary"
"""An element of this name is markup that came from data."""
BINDING = "pwned"
"""What every script among the texts calls."""
_RUN = f"{BINDING}(1)"
_BREAKS = ("", '">', "'>", "`>", "</script>", "</style>", "</title>", "</textarea>", "-->", "]]>", "${", "{{", "\\x3e")
_VECTORS = (
    f"<script>{_RUN}</script>",
    f"<img src=x onerror={_RUN}>",
    f"<svg onload={_RUN}>",
    f"<svg><script>{_RUN}</script></svg>",
    f"<body onload={_RUN}>",
    f'<iframe srcdoc="<script>parent.{_RUN}</script>">',
    f"<a href=javascript:{_RUN}>x</a>",
    f"<details open ontoggle={_RUN}>",
    f"<input autofocus onfocus={_RUN}>",
    f"<video><source onerror={_RUN}></video>",
    f"<math><mtext></mtext><script>{_RUN}</script></math>",
    f"<style>@import '//{BINDING}.example'</style>",
    f"<link rel=stylesheet href=//{BINDING}.example>",
    f"<meta http-equiv=refresh content=0;url=//{BINDING}.example>",
    f"<base href=//{BINDING}.example>",
    f"<form action=//{BINDING}.example><button>x</button></form>",
    f'" onmouseover="{_RUN}" x="',
    f"' onfocus='{_RUN}' autofocus x='",
    f"javascript:{_RUN}",
    f"data:text/html,<script>{_RUN}</script>",
    "{{constructor.constructor('" + _RUN + "')()}}",
    "${" + _RUN + "}",
    f"%3Cscript%3E{_RUN}%3C/script%3E",
    f"&lt;script&gt;{_RUN}&lt;/script&gt;",
    f"\u003cimg src=x onerror={_RUN}\u003e",
    f"<ScRiPt\t>{_RUN}</sCrIpT >",
    f"<img\nsrc=x\nonerror\n=\n{_RUN}>",
    f"<img/src=x/onerror={_RUN}>",
    f"<<script>{_RUN}//<</script>",
    f"\u202e<script>{_RUN}</script>",
    f"expression({_RUN})",
    f"url(javascript:{_RUN})",
)
_CASES: tuple[Callable[[str], str], ...] = (
    str,
    str.upper,
    lambda text: text.replace(" ", "/"),
    lambda text: text.replace("<", "<\u200b<"),
    str.swapcase,
)

LOOK = f"""() => {{ const leads = (address) => {{
  // an address of ours may well have such a text in its query
  const url = URL.canParse(address, location.href) ? new URL(address, location.href) : null;
  return url === null || url.protocol === "data:" && url.pathname.startsWith("text")
    || url.protocol === "javascript:" || url.hostname.endsWith("{BINDING}.example");
}}; return {{
  tags: document.querySelectorAll("{TAG}, {TAG} *").length,
  handlers: [...document.querySelectorAll("*")].filter((one) =>
    [...one.attributes].some((each) => (each.name.startsWith("on") || each.name === "srcdoc")
      || /^(href|src|action|formaction|xlink:href)$/.test(each.name) && leads(each.value))).length,
  frames: document.querySelectorAll("iframe, object, embed, base").length,
  shown: (document.body.textContent.match(/{TAG}/g) ?? []).length
    + [...document.querySelectorAll("*")].flatMap((one) => [...one.attributes])
      .filter((each) => each.value.includes("{TAG}")).length,
}}; }}"""
"""JavaScript that counts what came of the texts in a page; only `shown` may be more than 0."""


def payloads(count: int) -> list[str]:
    """Return so many different texts; each also holds an element of the name `TAG`."""
    made = dict.fromkeys(
        f"{before}<{TAG}>{turned(vector)}{number or ''}"
        for number in range(1 + count // (len(_BREAKS) * len(_VECTORS)))
        for before, turned, vector in itertools.product(_BREAKS, _CASES, _VECTORS)
    )
    return list(made)[:count]
