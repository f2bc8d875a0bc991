#!/usr/bin/env python3
"""Runs the commands of the README and the documentation catalog with the programs of a build, and checks what they print.

    check-commands.py PROGRAMS [PAGE …]     # the folder of the programs; by default all pages

The blocks of a page run in their order in one bash, in a scratch home folder that has the sample month and some histories: blocks of
the language "sh" as they are, blocks of "python" with python3. Every command has to return 0. A command that cannot run
there is in ELSEWHERE with the test that covers it. Subcommands and options in inline code have to exist.
"""
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CATALOG = "Sources/nexus/Nexus.docc"

# Commands that do not run in a scratch folder: the beginning of the line, the file of the test that covers it, and a text of it.
ELSEWHERE = [
    ("Scripts/demo", "Tests/Documents/check-commands.py", "def check_demo"),
    ("Scripts/install", "Scripts/package", "install_tree"),
    ("Scripts/package", "Scripts/test", "\nScripts/package\n"),
    ("sudo apt install ./", "Scripts/test-package", "dpkg -i /package.deb"),
    ("sudo apt remove nexus", "Scripts/test-package", "dpkg -r nexus"),
    ("nexus setup", "Scripts/test-package", "nexus setup --yes"),
    ("nexus doctor --hook", "Tests/CommandTests/HookCheckTests.swift", '"doctor", "--hook"'),
    ("systemctl --user", "Tests/CommandTests/ServiceUnitTests.swift", "systemd"),
    ("duckdb -c", "Tests/CommandTests/DuckDBTests.swift", "sqlite_scan"),
    ("nexus export --format ndjson --plain -o - | duckdb", "Tests/CommandTests/DuckDBTests.swift", "read_json"),
    ("nexus sync --to https://", "Tests/CommandTests/SyncConnectionTests.swift", "https://127.0.0.1"),
]

# Pages whose commands a test of their own runs.
OWN_TESTS = {"ACompanysDashboard.md"}

# Texts that the output of a page contains.
EXPECTED = {
    "README.md": ["swift build became", "npm test has failed more often", "2 of 2 entries imported", "Busiest Commands"],
    "Backup.md": ["12000 events", "Busiest Commands"],
    "Commands.md": ["MEANING", "The books balance|received = accepted", "swift build"],
    "RecordingProtocols.md": ["'accepted': 5", '"accepted":2', "render", "compile", "lint", "deploy"],
    "ReadingReports.md": ["swift build became", '"commands"', "## Nexus Insights"],
    "RecordingYourShell.md": ["1 of 1 entry imported"],
    "SendingData.md": ["company", "file://"],
}

# Signs of a command that did not do what its page says.
SIGNS = ["command not found", "Usage:", "syntax error", "No such file or directory", "Traceback"]

LANGUAGES = {"sh", "python", "swift", "sql", "text"}

problems = []


def problem(text):
    problems.append(text)
    print(f"PROBLEM {text}", flush=True)


def blocks_of(page, text):
    """The fenced blocks of a page: number of the first line, language, lines."""
    language, lines, start, blank = None, [], 0, True
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            if language is None:
                language, lines, start = line[3:].strip(), [], number + 1
                if language not in LANGUAGES:
                    problem(f"{page}:{number}: a block has the language '{language}', not one of {sorted(LANGUAGES)}")
            else:
                yield start, language, lines
                language = None
            continue
        if language is not None:
            lines.append(line)
        elif blank and line.startswith("    "):
            problem(f"{page}:{number}: an indented block: put code between ``` and name its language")
        blank = not line.strip()
    if language is not None:
        problem(f"{page}:{start}: a block does not end")


used = set()


def runs_elsewhere(line):
    for entry in ELSEWHERE:
        command, rest = entry[0], line[len(entry[0]) :]
        ends = command.endswith("/") or not rest or rest[0] in " \t"
        if line.startswith(command) and ends and not (command == "nexus setup" and "--" in rest.split("#")[0]):
            used.add(entry)
            return True
    return False


def script_of(page, text):
    """The commands of a page as one script for bash."""
    # A failure is printed where it happens. A comparison with --fail-if returns 1 for a change.
    script = [
        "set -E",
        "trap 'status=$?; [[ $BASH_COMMAND == *--fail-if* && $status -eq 1 ]] ||"
        ' printf "\\n@failed line %s, status %s: %s\\n" "$at" "$status" "$BASH_COMMAND"\' ERR',
    ]
    for start, language, lines in blocks_of(page, text):
        if language == "text" and any(re.match(r"\s*(\$ )?nexus [^│]*$", line) for line in lines):
            problem(f"{page}:{start}: a command is in a block of text, which is not run")
        if language == "sh":
            script.append(f"at={start}")
            script += [line for line in lines if not runs_elsewhere(line)]
        if language == "python":
            script += [f"at={start}", "python3 - <<'PYTHON'", *lines, "PYTHON"]
    return "\n".join(script + ['printf "\\n@end\\n"', ""])


def environment(home, programs):
    return {
        "HOME": str(home), "PATH": f"{home}/bin:{programs}:/usr/bin:/bin", "SHELL": "/bin/bash", "LANG": "C.UTF-8", "TERM": "dumb",
        "TZ": "UTC", "TMPDIR": str(home / "tmp"), "COLUMNS": "80",
    }


def run(command, home, programs, seconds=120, **options):
    """The status and the output of a command; processes that it leaves are killed."""
    process = subprocess.Popen(
        command, cwd=home, env=environment(home, programs), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True, **options)
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        output = f"\n@failed not done after {seconds} s\n".encode()
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    if process.poll() is None:
        process.kill()
    return process.wait(), output.decode("utf-8", "replace")


def prepare(home, programs):
    """A home folder as the pages assume it: histories, a few programs, and the sample month."""
    for folder in ("bin", "tmp", "pages", "src", "old"):
        (home / folder).mkdir(parents=True)
    (home / ".zsh_history").write_text(": 1700000000:7;ls /\n: 1700000060:3;cd src\n")
    (home / "old/.bash_history").write_text("#1700000000\nls /\n")
    for name in ("bin/make", "render"):
        (home / name).write_text("#!/bin/sh\nexit 0\n")
        (home / name).chmod(0o755)
    for name in ("one", "two"):
        (home / "pages" / name).touch()
    status, output = run(
        ["bash", "-o", "pipefail", "-c", f"'{ROOT}/Scripts/sample-month' | nexus record --stdin"], home, programs)
    if status != 0:
        sys.exit(f"check-commands.py: the sample month was not recorded: {output}")


def check_page(page, text, template, programs):
    home = template.parent / page.replace(".md", "")
    shutil.copytree(template, home, symlinks=True)
    script = script_of(page, text)
    # A file, as a command of the page may read standard input.
    (home / "tmp/page.sh").write_text(script)
    status, output = run(["bash", "--noprofile", "--norc", str(home / "tmp/page.sh")], home, programs)
    for match in re.finditer(r"@failed (.*)", output):
        problem(f"{page}: {match.group(1)}")
    for sign in SIGNS:
        if sign in output:
            problem(f"{page}: the output has '{sign}'")
    if not output.rstrip().endswith("@end"):
        problem(f"{page}: bash ended early, with {status}")
    for expected in EXPECTED.get(page, []):
        if not any(part in output for part in expected.split("|")):
            problem(f"{page}: '{expected}' is not in the output")
    if any(entry.startswith(page + ":") for entry in problems):
        print(output)
    shutil.rmtree(home)
    return len(re.findall(r"^at=", script, re.M))


def commands_of_help(programs, home):
    """Every subcommand path with its long options."""
    status, output = run(["nexus", "--experimental-dump-help"], home, programs)
    found = {}

    def walk(command, path):
        options = {"--help", "--version"}
        for argument in command.get("arguments", []):
            options |= {"--" + name["name"] for name in argument.get("names", []) if len(name["name"]) > 1}
        found[path] = options
        for subcommand in command.get("subcommands", []):
            walk(subcommand, path + (subcommand["commandName"],))

    walk(json.loads(output)["command"], ())
    return found


def check_inline(page, text, commands):
    prose = re.sub(r"(?ms)^```.*?^```", "", text)
    for span in re.findall(r"`([^`]+)`", re.sub(r"\s+", " ", prose)):
        words = span.split()
        if not words or words[0] not in ("nexus", "nexus-record"):
            continue
        path, rest = (("record",), words[1:]) if words[0] == "nexus-record" else ((), words[1:])
        while rest and path + (rest[0],) in commands:
            path, rest = path + (rest[0],), rest[1:]
        if path == () and rest and re.fullmatch(r"[a-z][a-z-]+", rest[0]) and rest[0] != "man-pages":
            problem(f"{page}: '{span}' names no subcommand of nexus")
        for word in rest:
            if word == "--":
                break
            option = word.split("=")[0].split("|")[0]
            # Without a value of a user's own, an option of a subcommand that collects others is the one of its default.
            known = set().union(*(options for other, options in commands.items() if other[: len(path)] == path))
            if option.startswith("--") and option not in known:
                problem(f"{page}: '{span}' has an option that 'nexus {' '.join(path)}' does not have")


def check_demo(template, programs):
    """The demo, with the programs of the build: a reader's first finding."""
    status, output = run([str(ROOT / "Scripts/demo"), str(programs)], template, programs, seconds=300)
    for text in ("What Changed", "swift build became", "npm test has failed more often"):
        if status != 0 or text not in output:
            problem(f"Scripts/demo: status {status}, or '{text}' is not in the output: {output[-2000:]}")
            return


def text_of(picture):
    """The texts of an SVG picture, line by line."""
    lines = {}
    for element in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text"):
        lines.setdefault(float(element.get("y")), []).append(element.text)
    return [" ".join(" ".join(lines[y]).split()) for y in sorted(lines)]


def check_pictures(template, programs):
    """The picture of the dashboard shows what the programs print, and a picture of hostile output is a picture of its text."""
    run(["bash", "-c", f"'{ROOT}/Scripts/dashboard-picture' >stats.svg 2>stats.log"], template, programs)
    made, kept = (text_of(path.read_text()) for path in (template / "stats.svg", ROOT / CATALOG / "Resources/stats.svg"))
    if made != kept:
        different = [pair for pair in itertools.zip_longest(kept, made) if pair[0] != pair[1]]
        problem(f"Resources/stats.svg is not what nexus prints: run Scripts/page-pictures; first difference: {different[:1]}")
    drawing = f"python3 '{ROOT}/Scripts/documents/terminal_picture.py'"
    status, output = run(["bash", "-c", rf"printf '\033[1m<b&\033[0m \033[31m\"]]>\n' | {drawing}"], template, programs)
    if status != 0 or text_of(output) != ['<b& "]]>']:
        problem(f"a picture of '<b& \"]]>' is {output}")
    status, output = run(["bash", "-c", rf"printf 'a\033[2Jb\n' | {drawing}"], template, programs)
    if status == 0 or "cannot draw the control character" not in output:
        problem(f"a picture of a control sequence is {output}")


def main():
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        return print(__doc__)
    programs = Path(sys.argv[1]).resolve()
    pages = {"README.md": ROOT / "README.md"}
    pages |= {path.name: path for path in sorted((ROOT / CATALOG).glob("*.md")) if path.name not in OWN_TESTS}
    asked = sys.argv[2:] or list(pages)
    with tempfile.TemporaryDirectory(prefix="nexus-documents.") as folder:
        template = Path(folder).resolve() / "template"
        prepare(template, programs)
        commands = commands_of_help(programs, template)
        count = 0
        for page in asked:
            text = pages[page].read_text(encoding="utf-8")
            count += check_page(page, text, template, programs)
            check_inline(page, text, commands)
        if asked == list(pages):
            sources = [path.read_text(encoding="utf-8") for path in (ROOT / "Tests").rglob("*.swift")]
            for page in OWN_TESTS:
                if (ROOT / CATALOG / page).exists() and not any(page in source for source in sources):
                    problem(f"no test in Tests names {page}, whose commands a test of its own should run")
            check_demo(template, programs)
            check_pictures(template, programs)
            for entry in ELSEWHERE:
                if entry not in used:
                    problem(f"no page has '{entry[0]}': remove it from ELSEWHERE")
                if entry[2] not in (ROOT / entry[1]).read_text(encoding="utf-8"):
                    problem(f"'{entry[0]}' is not covered: {entry[1]} has no '{entry[2].strip()}'")
    print(f"{len(asked)} pages, {count} blocks of commands, {len(problems)} problems")
    sys.exit(1 if problems else 0)


main()
