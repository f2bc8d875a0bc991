"""Opens pages of `nexus report` in Chromium and reports what is wrong with them.

    check-page.py --axe axe.min.js --model model.json [--pictures FOLDER] PAGE...
    check-page.py --shots FOLDER PAGE     # the pictures of the documentation alone

A page must cause no message on the console, no request and no violation of its policy. Its DOM must have the elements and attributes
of the model alone, with its script and without. axe-core must find no violation in light and in dark. Chromium is driven over
--remote-debugging-pipe (Chrome DevTools Protocol): messages are JSON, each with a zero byte after it.
"""

import argparse
import base64
import fcntl
import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile
import time


class PageError(Exception):
    """An expression that failed in a page."""


class Browser:
    """A Chromium without a window, and one tab at a time."""

    def __init__(self, profile):
        commands, self.commands = self.pipe()
        self.answers, answers = self.pipe()
        # Chromium reads descriptor 3 and writes descriptor 4.
        shell = f'exec "$@" 3<&{commands} 4>&{answers}'
        self.process = subprocess.Popen(
            ["bash", "-c", shell, "bash", "chromium", "--headless", "--remote-debugging-pipe", "--no-first-run",
             "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking",
             f"--user-data-dir={profile}", *(["--no-sandbox"] if os.geteuid() == 0 else [])],
            pass_fds=(commands, answers), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(commands)
        os.close(answers)
        self.buffer = b""
        self.number = 0
        self.events = []

    @staticmethod
    def pipe():
        # Above the two numbers that Chromium uses.
        ends = os.pipe()
        moved = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
        for end in ends:
            os.close(end)
        return moved

    def message(self, deadline):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.answers], [], [], max(0, deadline - time.monotonic()))
            data = os.read(self.answers, 1 << 20) if ready else b""
            if not data:
                sys.exit("check-page: Chromium did not answer within a minute, or ended")
            self.buffer += data
        first, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(first)

    def call(self, method, session=None, **parameters):
        self.number += 1
        number = self.number
        call = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        data = json.dumps(call).encode() + b"\0"
        while data:
            data = data[os.write(self.commands, data):]
        deadline = time.monotonic() + 60
        while True:
            answer = self.message(deadline)
            if answer.get("id") == number:
                if "error" in answer:
                    sys.exit(f"check-page: {method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def end(self):
        self.process.terminate()
        self.process.wait()


class Tab:
    """One page, from its loading on."""

    def __init__(self, browser, path, script=True, theme="light", width=1200):
        self.browser = browser
        browser.events.clear()
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.target = target
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network", "Audits"]:
            self.call(f"{domain}.enable")
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
        self.address = pathlib.Path(path).resolve().as_uri()
        self.call("Page.navigate", url=self.address)
        deadline = time.monotonic() + 60
        while not any(event.get("method") == "Page.loadEventFired" for event in browser.events):
            browser.events.append(browser.message(deadline))

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise PageError(result["exceptionDetails"].get("exception", {}).get("description", "an expression failed"))
        return result["result"].get("value")

    def structure(self):
        """The elements of the DOM with their attributes, read without the page's script."""
        root = self.call("DOM.getDocument", depth=-1, pierce=True)["root"]
        found = []

        def walk(node):
            if node["nodeType"] == 1:
                found.append((node["localName"], node.get("attributes", [])[::2]))
            for child in node.get("children", []) + node.get("shadowRoots", []):
                if child.get("shadowRootType") != "user-agent":
                    walk(child)

        walk(root)
        return found

    def complaints(self):
        """What the page caused beside being shown."""
        # The answer comes after every event before it.
        self.call("Runtime.evaluate", expression="0")
        found = []
        for event in self.browser.events:
            method, values = event.get("method", ""), event.get("params", {})
            if method in ["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded", "Audits.issueAdded"]:
                found.append(f"{method}: {json.dumps(values)[:400]}")
            if method == "Network.requestWillBeSent" and values["request"]["url"].split("#")[0] != self.address:
                found.append(f"request: {values['request']['url']}")
            if method == "Page.frameRequestedNavigation":
                found.append(f"navigation: {values['url']}")
        return found

    def picture(self, path, top=0, height=16000):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        area = {"x": 0, "y": top, "width": size["width"], "height": min(size["height"] - top, height), "scale": 1}
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=area)["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)


# What a user does: sorts by each column, searches, chooses each command, and reads the figures of a chart.
USE = """(() => {
    const table = document.getElementById('table');
    if (!table) return 'empty';
    const first = () => table.tBodies[0].rows[0].cells[0].textContent;
    const problems = [];
    for (const head of Array.from(table.tHead.rows[0].cells).filter((cell) => cell.dataset.sort)) {
        const index = head.cellIndex;
        const button = head.querySelector('[role=button]');
        for (const order of [0, 1]) {
            button.click();
            const state = head.getAttribute('aria-sort');
            const values = Array.from(table.tBodies[0].rows, (row) => head.dataset.sort === 'number'
                ? (row.cells[index].dataset.v === undefined ? null : Number(row.cells[index].dataset.v))
                : row.cells[index].textContent).filter((value) => value !== null);
            const sorted = [...values].sort((a, b) => (typeof a === 'number' ? a - b : a.localeCompare(b)));
            if (state === 'descending') sorted.reverse();
            if (values.join('|') !== sorted.join('|')) problems.push(`${head.textContent} is not sorted`);
        }
    }
    const search = document.getElementById('search');
    const name = first();
    search.value = name.slice(0, 12);
    search.dispatchEvent(new Event('input'));
    const shown = Array.from(table.tBodies[0].rows).filter((row) => !row.hidden);
    if (!shown.length || !shown.every((row) => row.cells[0].textContent.toLowerCase().includes(search.value.toLowerCase().trim()))) {
        problems.push('the search is wrong');
    }
    search.value = '';
    search.dispatchEvent(new Event('input'));
    const choice = document.getElementById('choose');
    for (const option of choice.options) {
        choice.value = option.value;
        choice.dispatchEvent(new Event('change'));
        const open = Array.from(document.querySelectorAll('section.command')).filter((section) => !section.hidden);
        if (open.length !== 1 || open[0].querySelector('h3').textContent !== option.textContent) problems.push('the choice is wrong');
    }
    const picture = document.querySelector('svg[data-x]');
    picture.focus();
    picture.dispatchEvent(new KeyboardEvent('keydown', { key: 'End' }));
    const figure = picture.closest('figure');
    const last = Array.from(figure.querySelectorAll('tbody tr')).pop().cells[0].textContent;
    if (!figure.querySelector('.readout').textContent.startsWith(last)) problems.push('the figures of a column are wrong');
    const theme = document.getElementById('theme');
    theme.value = 'dark';
    theme.dispatchEvent(new Event('change'));
    if (getComputedStyle(document.documentElement).colorScheme !== 'dark') problems.push('the theme is wrong');
    theme.value = '';
    theme.dispatchEvent(new Event('change'));
    return problems.join('; ');
})()"""

AXE = """axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations.map((violation) =>
    `${violation.id}: ${violation.help}: ` + violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)
    + ' ' + (node.any[0] ? node.any[0].message : '')).join(' | ')))"""


def check(browser, path, axe, model, pictures):
    """The problems of one page."""
    problems = []
    name = pathlib.Path(path).stem
    elements, attributes = set(model["elements"]), set(model["attributes"])
    # Elements and attributes that the page's own script adds.
    with_script = attributes | {"aria-sort", "class"}
    structures = {}
    for script in [False, True]:
        tab = Tab(browser, path, script=script)
        try:
            if script and (wrong := tab.value(USE)) not in ["", "empty"]:
                problems.append(wrong)
        except PageError as error:
            problems.append(f"the script does not work: {str(error)[:200]}")
        structures[script] = tab.structure()
        for element, own in structures[script]:
            extra = set(own) - (with_script if script else attributes)
            if element not in elements or extra:
                problems.append(f"<{element} {' '.join(own)}> is not an element of the page (script: {script})")
        problems += tab.complaints()
        tab.close()
    if len(structures[False]) > len(structures[True]) + 1:
        problems.append("the script removes parts of the page")
    for theme in ["light", "dark"]:
        for width in [1200, 390]:
            tab = Tab(browser, path, theme=theme, width=width)
            if tab.value("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                problems.append(f"wider than a screen of {width}")
            if pictures:
                tab.picture(f"{pictures}/{name}-{theme}-{width}.png")
            if width == 1200:
                tab.value(axe)
                problems += [f"axe, {theme}: {violation}" for violation in tab.value(AXE)]
            tab.close()
    if pictures:
        tab = Tab(browser, path)
        data = tab.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)["data"]
        pathlib.Path(f"{pictures}/{name}.pdf").write_bytes(base64.b64decode(data))
        tab.close()
    return problems


def shoot(browser, path, folder):
    """The two pictures: the beginning of the page in light, and the charts of a command in dark."""
    tab = Tab(browser, path, width=1000)
    tab.picture(f"{folder}/report-light.png", height=900)
    tab.close()
    tab = Tab(browser, path, theme="dark", width=1000)
    top = tab.value("document.getElementById('details').getBoundingClientRect().top + scrollY")
    tab.picture(f"{folder}/report-dark.png", top=top, height=900)
    tab.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--axe")
    parser.add_argument("--model")
    parser.add_argument("--pictures")
    parser.add_argument("--shots")
    parser.add_argument("pages", nargs="+")
    options = parser.parse_args()
    if options.shots:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            browser = Browser(profile)
            shoot(browser, options.pages[0], options.shots)
            browser.end()
        return
    axe = pathlib.Path(options.axe).read_text(encoding="utf-8")
    model = json.loads(pathlib.Path(options.model).read_text(encoding="utf-8"))
    failed = False
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            for page in options.pages:
                problems = check(browser, page, axe, model, options.pictures)
                failed = failed or bool(problems)
                print(f"{pathlib.Path(page).name}: {'no problem' if not problems else ''}")
                for problem in problems[:20]:
                    print(f"  {problem}")
        finally:
            browser.end()
    sys.exit(1 if failed else 0)


main()
