"""What a Markdown file tells its reader to type: blocks of shell, and commands within the text."""
import dataclasses
import re

# What a block may need that no test has here. A comment before it says so, <!-- needs a cluster -->
# or <!-- needs a build, a registry -->, and the commands of these programs are left out; nothing
# else is. What needs a build is run by other steps of .ci/run.
NEEDS = {
    "a build": ("cmake", "ctest", r"scripts/(setup|test|build-release)", r"scripts/image(?! --)",
                "build/dev/", "tests/"),
    "a cluster": ("kubectl", "oc ", "ansible-playbook"),
    "a registry": ("skopeo", "podman", "buildah"),
    "a quiet machine": ("scripts/bench",),
    "another machine": ("rsync",),
    "OpenShift": ("oc ", r"/usr/local/bin/(cluster|quorum)-restore\.sh"),
}
# A variable that is set for one command, or sudo, may stand before a program.
BEFORE_PROGRAM = r"(?:[A-Z_]+=\S* |sudo (?:-E )?)*"
OF_NEEDS = "|".join(program for programs in NEEDS.values() for program in programs)
A_COMMAND = re.compile(rf"{BEFORE_PROGRAM}(lifeboat|etcdctl|etcdutl|scripts/|{OF_NEEDS})")


@dataclasses.dataclass
class Block:
    document: str
    line: int
    section: str
    language: str
    text: str
    needs: list
    before: str  # the paragraph before it, and the one behind it
    after: str

    def place(self):
        return f"{self.document}:{self.line}"

    def is_shell(self):
        return self.language == "sh" or self.text.startswith("$ ")

    def mistake(self):
        """What is wrong with the block itself; empty if nothing is."""
        if not self.is_shell():
            hidden = A_COMMAND.match(self.text) if not self.language else None
            return "these are commands, and the block does not say so" if hidden else ""
        for need in self.needs:
            if need not in NEEDS:
                return f"'{need}' is none of: {', '.join(NEEDS)}"
            if not any(left_out(command, [need]) for command in self.commands()):
                return f"it is marked, and no command in it needs {need}"
        return ""

    def need_of(self, command):
        """Why it is left out, or a part of it; None if it is not."""
        return next((need for need in self.needs if left_out(command, [need])), None)

    def commands(self):
        """Each with the lines that it goes on in; without prompts and comments of their own."""
        lines = re.sub(r"^\$ ", "", self.text, flags=re.M)
        commands = re.findall(r"(?:.*\\\n)*.+", lines)
        return [command for command in commands if not command.startswith("#")]

    def to_run(self):
        """The commands that are left when those are left out that need what is not there."""
        kept = [remaining(command, self.needs) for command in self.commands()]
        return [command for command in kept if command]

    def promise(self):
        """What "Expect:" behind the block promises in its first sentence: status and words."""
        first = re.match(r"Expect: (.*?)(?:[.:] |[.:]?$)", self.after.replace("\n", " "))
        if not first or self.needs:
            return 0, []
        status = re.search(r"\bexit (?:status )?(\d)", first[1])
        return int(status[1]) if status else 0, re.findall(r"`([^`]+)`", first[1])

    def audience(self):
        """Which nodes are told to run it: "every", "other" or "this"."""
        told = re.match(r"On (?:\*\*)?(?:every|each)\b(?:\*\*)?( \*other\*)?", self.before)
        return "this" if not told else "other" if told[1] else "every"


def left_out(command, needs):
    """Where the part of a command begins that needs one of them; None if none does."""
    programs = "|".join(program for need in needs for program in NEEDS[need])
    return re.search(rf"(^|\| |&& ){BEFORE_PROGRAM}({programs})", command) if needs else None


def remaining(command, needs):
    """Of a command its part that can be run here: before a pipe, or within `kubectl exec`."""
    begin = left_out(command, needs)
    if not begin:
        return command
    inner = re.search(r" exec .* -- (lifeboat .*)", command, flags=re.S)
    return inner[1] if inner else command[:begin.start()].rstrip()


def paragraphs(lines):
    """Of lines the first and the last paragraph."""
    found = [part.strip() for part in re.split(r"\n\s*\n", "\n".join(lines)) if part.strip()]
    return (found[0], found[-1]) if found else ("", "")


def blocks_of(document, text):
    """Every fenced block of a document. Fences of this project are never indented."""
    blocks, section, begin, since = [], "", None, []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```") and begin is None:
            begin, inside = number, []
            if blocks:
                blocks[-1].after = paragraphs(since)[0]
            marks = re.findall(r"^<!-- (.*) -->$", "\n".join(since), flags=re.M)
            needs = [need for mark in marks for need in mark.removeprefix("needs ").split(", ")]
            before = paragraphs([text for text in since if not text.startswith("<!--")])[1]
            blocks.append(Block(document, begin, section, line[3:], "", needs, before, ""))
        elif line.startswith("```"):
            blocks[-1].text = "\n".join(inside)
            begin, since = None, []
        elif begin is not None:
            inside.append(line)
        else:
            if line.startswith("## "):
                section = line[3:]
            since.append(line)
    if blocks:
        blocks[-1].after = paragraphs(since)[0]
    return blocks


def inline_code(text):
    """What stands between backticks outside of blocks, each with its line."""
    hidden = re.sub(r"^```.*?^```", lambda block: "\n" * block[0].count("\n"), text,
                    flags=re.M | re.S)
    for match in re.finditer(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", hidden, flags=re.S):
        yield hidden.count("\n", 0, match.start()) + 1, " ".join(match[2].split())
