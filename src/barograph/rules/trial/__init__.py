"""Unit tests of rules: promtool's test files, run on the evaluator that runs live."""
