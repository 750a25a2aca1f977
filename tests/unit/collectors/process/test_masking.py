import pytest

from barograph.collectors.process.masking import mask_command


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["nginx", "-g", "daemon off;"], "nginx -g daemon off;"),
        (["app", "--password=hunter2"], "app --password=***"),
        (["app", "--password", "hunter2", "-v"], "app --password *** -v"),
        (["app", "--password", "--verbose"], "app --password --verbose"),
        (["app", "--api-key", "hunter2"], "app --api-key ***"),
        (["app", "-token", "hunter2"], "app -token ***"),
        (["java", "-Ddb.password=hunter2", "-jar", "a.jar"], "java -Ddb.password=*** -jar a.jar"),
        (["env", "PGPASSWORD=hunter2", "psql"], "env PGPASSWORD=*** psql"),
        (["app", "AWS_SECRET_ACCESS_KEY=hunter2"], "app AWS_SECRET_ACCESS_KEY=***"),
        (["mysql", "-uroot", "-phunter2", "shop"], "mysql -uroot -p*** shop"),
        (["/usr/bin/mysqldump", "-phunter2"], "/usr/bin/mysqldump -p***"),
        (["ssh", "-p2222", "host"], "ssh -p2222 host"),
        (["curl", "-u", "me:hunter2", "https://x"], "curl -u me:*** https://x"),
        (["curl", "https://me:hunter2@host/path"], "curl https://me:***@host/path"),
        (["curl", "-H", "Authorization: Bearer abcdefgh12345678"], "curl -H Authorization: ***"),
        (["curl", "https://x/?a=1&token=hunter2&b=2"], "curl https://x/?a=1&token=***&b=2"),
        (["psql", "host=x password=hunter2 user=y"], "psql host=x password=*** user=y"),
        (["git", "clone", "https://ghp_" + "a1" * 12 + "@github.com/x"], "git clone https://***@github.com/x"),
        (["app", "AKIAABCDEFGHIJKLMNOP"], "app ***"),
        (["passwd", "root"], "passwd root"),
        (["app", "--tokenizer=words"], "app --tokenizer=words"),
        (["app", "--keyboard", "de"], "app --keyboard de"),
        (["sh", "-c", "line\none\x1b[31m"], "sh -c line one [31m"),
        (["sshd: me [priv]"], "sshd: me [priv]"),
        (["app", '--config={"secret": "hunter2"}'], 'app --config={"secret": "***"}'),
        ([], ""),
    ],
)
def test_what_looks_like_a_secret(arguments: list[str], shown: str) -> None:
    assert mask_command(arguments) == shown


def test_a_long_line_is_cut() -> None:
    text = mask_command(["app", "x" * 5000])
    assert len(text) == 1024
    assert text.endswith("…")
