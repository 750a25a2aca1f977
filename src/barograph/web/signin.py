"""The sign-in page: words, no script, no data. What somebody sees who is not signed in."""

from html import escape

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>Sign in - Barograph</title>
<link rel="stylesheet" href="/login.css">
</head>
<body>
<main>
<h1>Barograph</h1>
<p class="reason">{reason}</p>
<form method="post" action="/login">
<label>Name <input name="user" autocomplete="username" autocapitalize="none" spellcheck="false" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button>
</form>
<p>Without a password, open the log-in link that <code>barograph serve</code> printed when it started. It works once,
for ten minutes. An administrator makes another with <code>barograph user link</code>. Where it runs without a terminal,
the link is in the file <code>login-link</code> of its data folder.</p>
<p>Programs send the token in the file <code>token</code> of that folder: <code>curl -u x:TOKEN ...</code></p>
</main>
</body>
</html>
"""

STYLE = b"""
:root {
  color-scheme: dark light;
  --bg: #0c0f13; --surface: #12161c; --line: #222933; --text: #e9edf2; --text-2: #aeb8c4;
}
@media (prefers-color-scheme: light) {
  :root { --bg: #f3f2ee; --surface: #fff; --line: #e4e2db; --text: #15181c; --text-2: #454d57; }
}
body {
  margin: 0; background: var(--bg); color: var(--text-2);
  font: 14.5px/1.5 Inter, ui-sans-serif, system-ui, sans-serif;
}
main {
  max-width: 34rem; margin: 12vh auto 0; padding: 24px 32px;
  background: var(--surface); border: 1px solid var(--line); border-radius: 12px;
}
h1 { margin: 0 0 10px; font-size: 23px; color: var(--text); }
.reason { color: var(--text); }
code { font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", monospace; font-size: 0.92em; color: var(--text); }
form { display: grid; gap: 10px; margin: 16px 0; }
label { display: grid; gap: 4px; }
input, button { font: inherit; padding: 8px 10px; border: 1px solid var(--line); border-radius: 8px; }
input { background: var(--bg); color: var(--text); }
button { background: var(--text); color: var(--bg); cursor: pointer; }
@media (max-width: 600px) { main { margin: 16px; padding: 16px 20px; } }
"""


def sign_in_page(reason: str) -> bytes:
    """Return the page with a reason on top."""
    return _PAGE.format(reason=escape(reason)).encode()
