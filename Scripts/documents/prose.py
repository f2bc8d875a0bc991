#!/usr/bin/env python3
"""Counts long sentences and passive or inverted openings in documents and in the help of nexus.

    prose.py [--show] FILE …                      # Markdown files
    prose.py [--show] --help-of PROGRAM           # the help of every subcommand
    prose.py --self-test                          # the rules against the samples below

Exits with 1 when a document is over a bar. --show prints each finding.

The unit is a sentence of a paragraph, of a list item, or of a table cell with at least six words. Headings and blocks of code do
not count. A code span is one word. The rules:

long      more than 25 words.
passive   the first clause has "is", "are", "was", "were", "be" or "been", at most one adverb, and a past participle, and these are the
          first verb of the clause: "Names are hashed." The first clause ends at the first comma, colon, semicolon or dash, or
          before a conjunction or a relative: "which", "that", "what", "when", "if", "unless", "while", "until", "because", "so",
          and after its verb before "and" and "or".
inverted  the sentence starts with
          - "What", "Who", "Whoever" or "Whatever", and is not a question;
          - "That" before a verb: "That is the place";
          - a participle or an adjective before the verb: "Accepted it is", "Gone is the row";
          - "never", "only", "nor", "neither", "hardly" or "no sooner" before an auxiliary verb: "Never does it wait";
          - a preposition and a noun before "is", "are", "was", "were", "stands", "stand", "comes", "come", "goes", "go", "lies" or
            "lie", with no comma and no subject between them: "In the file are rows".
"""
import json
import re
import subprocess
import sys

LONGEST = 25
LONG_BAR = 0.05
OPENING_BAR = 0.02

# Past participles that do not end in "ed".
IRREGULAR = set(
    """begun bound broken brought built bought caught chosen cut done drawn driven eaten felt forgotten found given gone held
    hidden hit kept known laid left let lost made meant met paid put read rewritten run said seen sent set shown shut spent split
    spread stolen taken taught thought thrown told torn understood withdrawn won written""".split()
)
# Words in "ed" that are no participles.
NOT_PARTICIPLES = {"need", "speed", "indeed", "seed", "feed", "red", "bed", "embed", "exceed", "proceed", "hundred"}
BE = {"is", "are", "was", "were", "be", "been", "being"}
ADVERBS = {"not", "never", "always", "also", "only", "then", "still", "already", "again", "once", "both", "all", "often", "now"}
CLAUSE_ENDS = set("which that when if unless while until because so and but or where whether as than what how who".split())
FINITE = set(
    """has have had does do did can could may might must will would shall should needs stays keeps takes makes gives gets
    reads writes sends shows prints holds contains""".split()
)
PREPOSITIONS = set("in on at behind beside under below above before after from of with to into by for between".split())
INVERTING = {"is", "are", "was", "were", "stands", "stand", "comes", "come", "goes", "go", "lies", "lie"}
DETERMINERS = {"a", "an", "the", "its", "their", "each", "every", "this", "that", "one"}
PRONOUNS = {"it", "he", "she", "they", "you", "we", "this", "there", "i"}
AUXILIARIES = BE | {"does", "do", "did", "has", "have", "had", "can", "may", "will"}
FRONTED_ADJECTIVES = {"gone", "new", "left", "missing", "safe", "open", "free"}


def is_participle(word):
    return word in IRREGULAR or (word.endswith("ed") and word not in NOT_PARTICIPLES)


def words_of(sentence):
    return [word for word in sentence.split() if re.search(r"\w", word)]


def bare(word):
    return re.sub(r"[^\w'-]", "", word).lower()


def is_long(sentence):
    return len(words_of(sentence)) > LONGEST


def first_clause(sentence):
    """The words up to the first mark of punctuation or conjunction."""
    clause = []
    for number, word in enumerate(sentence.split()):
        plain = bare(word)
        # Before a verb, "and" and "or" join two subjects.
        if number > 0 and (plain in CLAUSE_ENDS or not plain) and not (
            plain in {"and", "or"} and not (BE | FINITE) & set(clause)
        ):
            break
        clause.append(plain)
        if word[-1] in ",:;—–":
            break
    return clause


def is_passive(sentence):
    clause = first_clause(sentence)
    for index, word in enumerate(clause[1:], 1):
        if word in FINITE:
            return False
        if word in BE and word != "being":
            rest = clause[index + 1 :]
            if rest and (rest[0] in ADVERBS or rest[0].endswith("ly")):
                rest = rest[1:]
            return bool(rest) and is_participle(rest[0])
    return False


def is_inverted(sentence):
    words = [bare(word) for word in words_of(sentence)]
    if len(words) < 3 or sentence.rstrip().endswith("?"):
        return False
    first, second = words[0], words[1]
    if first in {"what", "who", "whoever", "whatever"}:
        return True
    if first == "that" and second in AUXILIARIES | INVERTING:
        return True
    if (is_participle(first) or first in FRONTED_ADJECTIVES) and (
        second in BE or (second in PRONOUNS and words[2] in AUXILIARIES)
    ):
        return True
    if first in {"never", "only", "nor", "neither", "hardly"} and AUXILIARIES & set(words[1:3]):
        return True
    if first in PREPOSITIONS and len(words) > 3:
        # The verb follows a noun without a subject between them: "in files are", "in the file are".
        verb = 3 if second in DETERMINERS else 2
        return words[verb] in INVERTING and not sentence.split()[verb - 1].endswith(",")
    return False


def sentences_of(text):
    """The sentences of a text without markup."""
    text = re.sub(r"\s+", " ", text).strip()
    parts = re.split(r"(?<=[.!?])[\"')]*\s+(?=[\"'(]?[A-Z`\d])", text)
    return [part for part in parts if words_of(part)]


def plain(text):
    """Markdown without its marks: code spans and links are one word or their text."""
    text = re.sub(r"!\[([^\]]*)\]\([^)]*\)", "", text)
    text = re.sub(r"``?[^`]+``?", "Code", text)
    text = re.sub(r"<doc:([^>]+)>", "page", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"<[^>]+>", "", text)
    return re.sub(r"[*_]{1,2}(\S(?:.*?\S)?)[*_]{1,2}", r"\1", text)


def blocks_of(markdown):
    """Paragraphs, list items and long table cells with the number of their first line."""
    block, start, is_code = [], 0, False
    lines = markdown.split("\n") + [""]
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("```"):
            is_code = not is_code
            line = ""
        elif is_code:
            continue
        is_item = re.match(r"\s*(?:[-•*]|\d+\.)\s+", line)
        is_apart = not line.strip() or line.startswith(("#", "|", "    ")) or is_item
        if is_apart and not (line.startswith("    ") and block and not is_item):
            if block:
                yield start, plain(" ".join(block))
            block = []
        if not line.strip() or line.startswith("#") or (line.startswith("    ") and not block):
            continue
        if line.startswith("|"):
            for cell in line.strip("|").split("|"):
                if len(words_of(plain(cell))) >= 6:
                    yield number, plain(cell)
            continue
        # The tries and the names of tests in PRIVACY.md are commands and titles.
        if re.match(r"- (?:Try|Shows|Test): ", line):
            continue
        if not block:
            start = number
        block.append(line[is_item.end() :] if is_item else line.strip())


def help_blocks(program):
    """The texts of every subcommand's help, with the subcommand in place of a line number."""
    dump = json.loads(subprocess.run([program, "--experimental-dump-help"], check=True, capture_output=True).stdout)

    def walk(command, path):
        if command.get("shouldDisplay") is False or command["commandName"] == "help":
            return
        path = (path + " " + command["commandName"]).strip()
        texts = [command.get("abstract", ""), command.get("discussion", "").split("EXAMPLES")[0]]
        texts += [a.get("abstract", "") for a in command.get("arguments", []) if a.get("shouldDisplay", True)]
        for text in texts:
            for block in re.split(r"\n\s*\n", text):
                # Columns and indented lines are no sentences.
                prose = "\n".join(line for line in block.split("\n") if not line.startswith("  "))
                if prose.strip():
                    yield path, re.sub(r"(?<!\w)'[^'\n]+'(?!\w)", "code", prose)
        for subcommand in command.get("subcommands", []):
            yield from walk(subcommand, path)

    yield from walk(dump["command"], "")


def check(name, blocks, shows):
    """Prints the counts of a document; whether it is within the bars."""
    count, found = 0, {"long": [], "passive": [], "inverted": []}
    for place, text in blocks:
        for sentence in sentences_of(text):
            count += 1
            for kind, rule in (("long", is_long), ("passive", is_passive), ("inverted", is_inverted)):
                if rule(sentence):
                    found[kind].append((place, sentence))
    long_share = len(found["long"]) / max(count, 1)
    openings = len(set(found["passive"] + found["inverted"]))
    is_good = long_share <= LONG_BAR and openings / max(count, 1) <= OPENING_BAR
    print(
        f"{name}: {count} sentences, {len(found['long'])} long ({long_share:.1%}), {len(found['passive'])} passive and "
        f"{len(found['inverted'])} inverted openings ({openings / max(count, 1):.1%}): {'met' if is_good else 'MISSED'}"
    )
    if shows or not is_good:
        for kind, findings in found.items():
            for place, sentence in findings:
                print(f"  {name}:{place}: {kind}: {sentence}")
    return is_good


SAMPLES = [
    # sentence, long, passive, inverted
    ("Nexus stores the name.", False, False, False),
    ("Names are hashed.", False, True, False),
    ("Names are never stored.", False, True, False),
    ("Names and paths are hashed.", False, True, False),
    ("Nexus reads and it is killed.", False, False, False),
    ("A command that is killed leaves no file.", False, False, False),
    ("The hook, which was installed, records.", False, False, False),
    ("The service is optional.", False, False, False),
    ("The recorder is indeed fast.", False, False, False),
    ("Nexus has been written in Swift.", False, False, False),
    ("Accepted it is.", False, False, True),
    ("Gone are the rows.", False, False, True),
    ("What is kept stays here.", False, True, True),
    ("What does Nexus keep?", False, False, False),
    ("That is the place.", False, False, True),
    ("That command records.", False, False, False),
    ("In the file are rows.", False, False, True),
    ("In files are rows.", False, False, True),
    ("In the file, rows are sorted by time.", False, False, False),
    ("With a flag the key goes too.", False, False, False),
    ("With a filter the report is slower.", False, False, False),
    ("Never does a caller wait.", False, False, True),
    ("Only then is it safe.", False, False, True),
    (" ".join(["word"] * 25) + ".", False, False, False),
    (" ".join(["word"] * 26) + ".", True, False, False),
]


def self_test():
    for sentence, *expected in SAMPLES:
        result = [is_long(sentence), is_passive(sentence), is_inverted(sentence)]
        if result != expected:
            sys.exit(f"prose.py: '{sentence}': long, passive, inverted are {result}, and should be {expected}")
    page = "# Title\n\nOne `a b`. Two\nlines.\n\n    code here\n\n- Item one.\n- Try: `x`\n\n| a | six words are in this cell |\n\n```sh\ncode\n```\n"
    blocks = list(blocks_of(page))
    expected = [(3, "One Code. Two lines."), (8, "Item one."), (11, " six words are in this cell ")]
    if blocks != expected:
        sys.exit(f"prose.py: the blocks of the sample are {blocks}")
    print(f"{len(SAMPLES)} samples as they should be")


def main():
    arguments = sys.argv[1:]
    shows = "--show" in arguments
    arguments = [argument for argument in arguments if argument != "--show"]
    if arguments == ["--self-test"]:
        return self_test()
    if not arguments or arguments[0] in ("-h", "--help"):
        return print(__doc__)
    if arguments[0] == "--help-of":
        is_good = check("help", help_blocks(arguments[1]), shows)
    else:
        results = []
        for path in arguments:
            with open(path, encoding="utf-8") as file:
                results.append(check(path, blocks_of(file.read()), shows))
        is_good = all(results)
    sys.exit(0 if is_good else 1)


main()
