#!/usr/bin/env python3
"""Draws a terminal's output as an SVG picture.

    terminal_picture.py [--columns N] [--lines N] [--title TEXT] <OUTPUT >PICTURE

Standard input is the output of a program with colours (ECMA-48 "SGR" sequences); every other escape sequence is an error, so that the
picture shows all that the program printed. --lines keeps the first N lines and ends with a line of dots. --title is the text for
readers that cannot show the picture.
"""
import argparse
import re
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT, MARGIN, SIZE = 8.4, 19, 16, 14
BACKGROUND, FOREGROUND = "#16181d", "#d8dee9"
COLOURS = {30: "#3b4252", 31: "#f07178", 32: "#a3be8c", 33: "#ebcb8b", 34: "#81a1c1", 35: "#b48ead", 36: "#88c0d0", 37: "#e5e9f0"}


def runs_of(line):
    """The parts of a line that have one style: first column, text, and the attributes of the style."""
    bold, dim, colour, column = False, False, FOREGROUND, 0
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b["):
            for code in (int(number or 0) for number in part[2:-1].split(";")):
                if code == 0:
                    bold, dim, colour = False, False, FOREGROUND
                elif code in (1, 2, 22):
                    bold, dim = code == 1, code == 2
                elif code == 39 or code in COLOURS:
                    colour = COLOURS.get(code, FOREGROUND)
                else:
                    sys.exit(f"terminal_picture.py: cannot draw the style {code}")
            continue
        if re.search(r"[\x00-\x1f\x7f]", part):
            sys.exit(f"terminal_picture.py: cannot draw the control character in {part!r}")
        # Spaces need no drawing, and some programs collapse them.
        for text in re.finditer(r"\S+(?: \S+)*", part):
            yield column + text.start(), text.group(), bold, dim, colour
        column += len(part)


def picture(lines, columns, title):
    width, height = columns * WIDTH + 2 * MARGIN, len(lines) * HEIGHT + 2 * MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" height="{height}" '
        f'role="img" font-family="ui-monospace, \'DejaVu Sans Mono\', Menlo, Consolas, monospace" font-size="{SIZE}">'
    )
    yield f"<title>{escape(title)}</title>"
    yield f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>'
    for number, line in enumerate(lines):
        y = MARGIN + number * HEIGHT + HEIGHT * 0.75
        for column, text, bold, dim, colour in runs_of(line):
            style = ' font-weight="bold"' if bold else ' fill-opacity="0.6"' if dim else ""
            # The length keeps the columns in line in every font.
            yield (
                f'<text x="{MARGIN + column * WIDTH:.1f}" y="{y:.1f}" textLength="{len(text) * WIDTH:.1f}" '
                f'lengthAdjust="spacingAndGlyphs" fill="{colour}"{style}>{escape(text)}</text>'
            )
    yield "</svg>"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("--lines", type=int)
    parser.add_argument("--title", default="Output of a program")
    options = parser.parse_args()
    lines = sys.stdin.buffer.read().decode("utf-8").replace("\r\n", "\n").rstrip("\n").split("\n")
    if options.lines and len(lines) > options.lines:
        lines = lines[: options.lines] + ["  \x1b[2m…\x1b[0m"]
    print("\n".join(picture(lines, options.columns, options.title)))


main()
