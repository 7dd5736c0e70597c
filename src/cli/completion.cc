#include "cli/completion.h"

#include <algorithm>

#include "base/text.h"

namespace lifeboat::cli {
namespace {

using base::cat;

bool names_a_file(const Flag& flag) { return flag.value_name == "FILE"; }
bool names_a_folder(const Flag& flag) { return flag.value_name.starts_with("DIR"); }

// In single quotes, for any of the shells.
std::string quote(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::vector<std::string> flag_words(const CommandEntry& entry) {
  std::vector<std::string> words;
  for (const Flag& flag : entry.flags.flags()) {
    if (!flag.from_arguments) continue;
    words.push_back("--" + flag.name);
    if (flag.short_name != 0) words.push_back(std::string("-") + flag.short_name);
  }
  return words;
}

std::vector<std::string> command_words(const CommandEntries& commands) {
  std::vector<std::string> words;
  for (const auto& entry : commands) words.push_back(entry->help.name);
  return words;
}

// What the arguments of a command may be; `help` takes the names of commands, too.
std::vector<std::string> argument_words(const CommandEntries& commands, const CommandEntry& entry) {
  std::vector<std::string> words = entry.help.argument_choices;
  if (entry.help.name != "help") return words;
  for (const std::string& name : command_words(commands)) {
    if (std::ranges::count(words, name) == 0) words.push_back(name);
  }
  return words;
}

// Each flag once, whichever commands have it, with the choices of all of them.
std::vector<Flag> distinct_flags(const CommandEntries& commands) {
  std::vector<Flag> flags;
  for (const auto& entry : commands) {
    for (const Flag& flag : entry->flags.flags()) {
      if (!flag.from_arguments) continue;
      const auto known = std::ranges::find(flags, flag.name, &Flag::name);
      if (known == flags.end()) {
        flags.push_back(flag);
        continue;
      }
      for (const std::string& choice : flag.choices) {
        if (std::ranges::find(known->choices, choice) == known->choices.end()) {
          known->choices.push_back(choice);
        }
      }
    }
  }
  return flags;
}

// ---- bash -------------------------------------------------------------------------------------

std::string bash_pattern(const Flag& flag) {
  return flag.short_name == 0 ? "--" + flag.name
                              : cat("--", flag.name, "|-", std::string(1, flag.short_name));
}

// What comes after a flag that takes a value.
std::string bash_value(const Flag& flag) {
  std::string action = "COMPREPLY=()";
  if (names_a_file(flag)) action = "_lifeboat_paths -f";
  if (names_a_folder(flag)) action = "_lifeboat_paths -d";
  if (!flag.choices.empty()) {
    action =
        cat("COMPREPLY=($(compgen -W ", quote(base::join(flag.choices, " ")), " -- \"$word\"))");
  }
  return cat("    ", bash_pattern(flag), ") ", action, "; return ;;\n");
}

// ---- zsh --------------------------------------------------------------------------------------

// Brackets and colons mean something in an _arguments specification.
std::string zsh_text(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string zsh_value(const Flag& flag) {
  if (flag.is_switch()) return "";
  std::string action;
  if (names_a_file(flag)) action = "_files";
  if (names_a_folder(flag)) action = "_files -/";
  if (!flag.choices.empty()) action = cat("(", base::join(flag.choices, " "), ")");
  return cat(":", zsh_text(flag.value_name), ":", action);
}

std::string zsh_command(const CommandEntries& commands, const CommandEntry& entry) {
  std::string text = cat("    ", entry.help.name, ")\n      _arguments \\\n");
  for (const Flag& flag : entry.flags.flags()) {
    if (!flag.from_arguments) continue;
    const std::string rest = cat("[", zsh_text(flag.help), "]", zsh_value(flag));
    text += cat("        ", quote(cat("*--", flag.name, rest)), " \\\n");
    if (flag.short_name != 0) {
      text += cat("        ", quote(cat("*-", std::string(1, flag.short_name), rest)), " \\\n");
    }
  }
  const auto words = argument_words(commands, entry);
  return cat(text, "        ", quote(cat("*:argument:(", base::join(words, " "), ")")),
             "\n      ;;\n");
}

// ---- fish -------------------------------------------------------------------------------------

std::string fish_flag(const CommandEntry& entry, const Flag& flag) {
  std::string line = cat("complete -c lifeboat -n '__fish_seen_subcommand_from ", entry.help.name,
                         "' -l ", flag.name);
  if (flag.short_name != 0) line += cat(" -s ", std::string(1, flag.short_name));
  if (!flag.is_switch()) line += " -r";
  if (!flag.choices.empty()) line += cat(" -f -a ", quote(base::join(flag.choices, " ")));
  if (names_a_file(flag)) line += " -F";
  if (names_a_folder(flag)) line += " -f -a '(__fish_complete_directories)'";
  return cat(line, " -d ", quote(flag.help), "\n");
}

}  // namespace

std::string bash_completion(const CommandEntries& commands) {
  std::string values;
  for (const Flag& flag : distinct_flags(commands)) {
    if (!flag.is_switch()) values += bash_value(flag);
  }
  std::string cases;
  for (const auto& entry : commands) {
    cases += cat("    ", entry->help.name, ") flags=", quote(base::join(flag_words(*entry), " ")),
                 " arguments=", quote(base::join(argument_words(commands, *entry), " ")), " ;;\n");
  }
  return cat(
      "# bash completion for lifeboat\n"
      "_lifeboat_paths() {\n"
      "  compopt -o filenames 2>/dev/null\n"
      "  COMPREPLY=($(compgen \"$1\" -- \"$word\"))\n"
      "}\n"
      "_lifeboat() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
      // bash splits "--vault=/b" into three words.
      "  [ \"$word\" != = ] || word=''\n"
      "  [ \"$before\" != = ] || before=${COMP_WORDS[COMP_CWORD-2]}\n"
      "  local flags='' arguments=''\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W ",
      quote(base::join(command_words(commands), " ") + " --help --version"),
      " -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  case $before in\n",
      values,
      "  esac\n"
      "  case ${COMP_WORDS[1]} in\n",
      cases,
      "  esac\n"
      "  case $word in\n"
      "    -*) COMPREPLY=($(compgen -W \"$flags\" -- \"$word\")) ;;\n"
      "    *) COMPREPLY=($(compgen -W \"$arguments\" -- \"$word\")) ;;\n"
      "  esac\n"
      "}\n"
      "complete -F _lifeboat lifeboat\n");
}

std::string zsh_completion(const CommandEntries& commands) {
  std::string descriptions;
  std::string cases;
  for (const auto& entry : commands) {
    descriptions +=
        cat("      ", quote(cat(entry->help.name, ":", zsh_text(entry->help.summary))), "\n");
    cases += zsh_command(commands, *entry);
  }
  // Read by "source" it has to register itself; found in a folder of $fpath, the file is the
  // function, and zsh runs it at the first TAB.
  return cat(
      "#compdef lifeboat\n"
      "_lifeboat() {\n"
      "  local -a commands\n"
      "  if (( CURRENT == 2 )); then\n"
      "    commands=(\n",
      descriptions,
      "    )\n"
      "    _describe command commands\n"
      "    return\n"
      "  fi\n"
      "  local name=${words[2]}\n"
      "  shift words\n"
      "  (( CURRENT-- ))\n"
      "  case $name in\n",
      cases,
      "  esac\n"
      "}\n"
      "if [ \"$funcstack[1]\" = _lifeboat ]; then\n"
      "  _lifeboat \"$@\"\n"
      "else\n"
      "  compdef _lifeboat lifeboat\n"
      "fi\n");
}

std::string fish_completion(const CommandEntries& commands) {
  std::string text = "# fish completion for lifeboat\ncomplete -c lifeboat -f\n";
  for (const auto& entry : commands) {
    text += cat("complete -c lifeboat -n __fish_use_subcommand -a ", entry->help.name, " -d ",
                quote(entry->help.summary), "\n");
  }
  for (const auto& entry : commands) {
    for (const Flag& flag : entry->flags.flags()) {
      if (flag.from_arguments) text += fish_flag(*entry, flag);
    }
    const auto words = argument_words(commands, *entry);
    if (words.empty()) continue;
    text += cat("complete -c lifeboat -n '__fish_seen_subcommand_from ", entry->help.name, "' -a ",
                quote(base::join(words, " ")), "\n");
  }
  return text;
}

}  // namespace lifeboat::cli
