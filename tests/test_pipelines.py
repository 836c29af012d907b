"""The recipes in docs/pipelines.md and docs/cluster.md, and the container file: what can be checked is."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGES = {name: (ROOT / "docs" / f"{name}.md").read_text("utf-8") for name in ("pipelines", "cluster")}
APPS = ROOT / "tests" / "data" / "apk"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGES[page], re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("number", "schema"), [(0, "vendor.github-workflows"), (1, "vendor.gitlab-ci")])
def test_examples_are_what_their_service_reads(number: int, schema: str, tmp_path: Path) -> None:
    pytest.importorskip("check_jsonschema")
    example = tmp_path / "example.yml"
    example.write_text(blocks("pipelines", "yaml")[number])
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, example],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    "text", [text for page in PAGES for text in blocks(page, "sh") + blocks(page, "bash")]
)
def test_scripts_can_be_parsed(text: str) -> None:
    shell = shutil.which("bash")
    if shell is None:
        pytest.skip("needs bash")
    checked = subprocess.run([shell, "-n"], input=text, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_every_option_in_the_recipes_exists() -> None:
    from rogue_scan.cli.main import main

    seen = 0
    for page in PAGES:
        for text in re.findall(r"^```.*?\n(.*?)^```", PAGES[page], re.MULTILINE | re.DOTALL):
            joined = text.replace("\\\n", " ")
            for name, rest in re.findall(r"rogue-scan (fleet|apk|serve)\b([^\n|&]*)", joined):
                command: Any = main.get_command(None, name)  # type: ignore[arg-type]
                known = {option for parameter in command.params for option in parameter.opts}
                for option in re.findall(r"(?<=\s)--?[a-z][a-z-]*", rest):
                    assert option in known, f"{name} {option}"
                    seen += 1
    assert seen > 15


def test_the_kubernetes_recipe_is_closed() -> None:
    (text,) = blocks("cluster", "yaml")
    kinds = []
    for document in yaml.safe_load_all(text):
        kinds.append(document["kind"])
        template = document["spec"].get("template")
        for container in template["spec"]["containers"] if template else ():
            assert template["spec"]["securityContext"]["runAsNonRoot"]
            assert not template["spec"]["automountServiceAccountToken"]
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert sorted(kinds) == ["Deployment", "Deployment", "Job", "NetworkPolicy", "Service"]


def test_the_container_has_two_stages_and_no_root() -> None:
    lines = [line for line in (ROOT / "Containerfile").read_text().splitlines() if not line.startswith("#")]
    assert sum(line.startswith("FROM ") for line in lines) == 2
    assert [line for line in lines if line.startswith("USER ")] == ["USER 65532:65532"]
    assert lines.index("USER 65532:65532") < next(
        n for n, line in enumerate(lines) if line.startswith("ENTRYPOINT")
    )
    assert not any(line.startswith("ADD ") for line in lines)
    copied = [
        word
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    assert all((ROOT / word).exists() for word in copied)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == {
        word.removeprefix("./") for word in copied
    }


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A bare repository with the hook, and a clone of it beside."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    bare, clone = tmp_path / "bare.git", tmp_path / "clone"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(bare))
    git(tmp_path, "clone", "-q", str(bare), str(clone))
    (hook,) = [text for text in blocks("pipelines", "sh") if text.startswith("#!")]
    path = bare / "hooks" / "pre-receive"
    path.write_text(hook)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return clone


def git(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    settings = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(folder),
        "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org",
    }  # fmt: skip
    return subprocess.run(
        ["git", *arguments], cwd=folder, env=settings, capture_output=True, text=True, timeout=60, check=False
    )


def push(clone: Path, **files: bytes) -> "subprocess.CompletedProcess[str]":
    for name, content in files.items():
        (clone / name).write_bytes(content)
    git(clone, "add", ".")
    git(clone, "commit", "-q", "-m", "change")
    return git(clone, "push", "-q", "origin", "HEAD:main")


def test_the_hook_lets_good_pushes_through_and_refuses_bad_ones(repository: Path) -> None:
    assert push(repository, **{"notes.txt": b"no app"}).returncode == 0
    good = push(repository, **{"tool with space.apk": (APPS / "calculator.apk").read_bytes()})
    assert good.returncode == 0, good.stderr
    bad = push(repository, **{"tool.APK": b"no package at all"})
    assert bad.returncode != 0
    assert "refused by rogue-scan (status 3)" in bad.stderr
