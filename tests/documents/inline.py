"""Commands and flags within the text: they are not run, but what they name has to exist."""
import re
import subprocess

import blocks

# Flags that belong to others, and where they are used it is said whose they are.
FLAGS_OF_OTHERS = {
    "ansible-playbook": {"--check", "--diff"},
    "buildah": {"--build-arg"},
    "etcd": {"--force-new-cluster", "--initial-cluster-state", "--trusted-ca-file"},
    "kube-apiserver": {"--etcd-servers", "--etcd-cafile", "--etcd-certfile", "--etcd-keyfile"},
}


class Names:
    """The commands and flags that there are."""

    def __init__(self, lifeboat, root):
        self.lifeboat, self.root = lifeboat, root
        listed = re.search(r"\nCommands\n(.*?)\n\n", self.help(), flags=re.S)[1]
        self.flags = {name: set(re.findall(r"(?<![\w-])--[a-z0-9-]+|(?<=  )-[a-z](?=,)",
                                           self.help(name)))
                      for name in re.findall(r"^  (\w+)", listed, flags=re.M)}
        scripts = "".join(path.read_text() for path in (root / "scripts").iterdir())
        self.known = set().union(re.findall(r"--[a-z][a-z0-9-]+", scripts), *self.flags.values(),
                                 *FLAGS_OF_OTHERS.values())

    def help(self, *command):
        return subprocess.run([self.lifeboat, "help", *command], capture_output=True, text=True,
                              check=True).stdout

    def missing_file(self, text):
        """Which file of this project is named and not there, in words; empty if all are."""
        for path in re.findall(r"(?<![\w/.])(?:deploy|roles|scripts|tests)/[\w./-]+\w", text):
            if not (self.root / path).exists():
                return f"there is no {path}"
        return ""

    def mistake(self, code):
        """What a piece of code names that does not exist; None if it names nothing."""
        words = code.partition(" | ")[0].split()
        flags = [word.partition("=")[0] for word in words if word.startswith("-") and len(word) > 1]
        if words[0] == "lifeboat" and len(words) > 1:
            if words[1] not in self.flags:
                return f"there is no command '{words[1]}'"
            wrong = [flag for flag in flags if flag not in self.flags[words[1]]]
            return f"{words[1]} has no {', '.join(wrong)}" if wrong else ""
        if words[0].startswith("scripts/"):
            return self.missing_file(words[0])
        if re.match(r"--[a-z]", words[0]) and not words[0].endswith("…"):
            return "" if flags[0] in self.known else f"nobody has {flags[0]}"
        return None


def check(names, text):
    """How many pieces of code name something, and (line, what is wrong) of those that are wrong."""
    found = [(line, code, names.mistake(code)) for line, code in blocks.inline_code(text)]
    named = [entry for entry in found if entry[2] is not None]
    return len(named), [(line, f"`{code}`: {wrong}") for line, code, wrong in named if wrong]
