#include "cli/help.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::cli {
namespace {

constexpr std::size_t kWidth = 96;

// One paragraph, broken at blanks.
void print_wrapped(std::ostream& out, const std::string& text, std::size_t indent) {
  std::string line;
  const auto flush = [&] {
    if (!line.empty()) out << std::string(indent, ' ') << line << '\n';
    line.clear();
  };
  std::size_t start = 0;
  while (start <= text.size()) {
    const std::size_t end = std::min(text.find_first_of(" \n", start), text.size());
    const std::string word = text.substr(start, end - start);
    if (!line.empty() && indent + line.size() + 1 + word.size() > kWidth) flush();
    if (!word.empty()) line += (line.empty() ? "" : " ") + word;
    start = end + 1;
  }
  flush();
}

void print_paragraphs(std::ostream& out, std::string_view text) {
  bool is_first = true;
  for (const std::string& paragraph : paragraphs(text)) {
    if (!is_first) out << '\n';
    is_first = false;
    if (is_printed_as_it_is(paragraph)) {
      out << paragraph << '\n';
    } else {
      print_wrapped(out, paragraph, 0);
    }
  }
}

void print_padded(std::ostream& out, const std::string& name, std::size_t width,
                  std::string_view text) {
  out << "  " << name << std::string(width - name.size() + 2, ' ') << text << '\n';
}

std::string usage_line(const CommandHelp& help) {
  return base::cat("lifeboat ", help.name, help.arguments.empty() ? "" : " ", help.arguments,
                   " [flags]");
}

void print_flags(std::ostream& out, const FlagTable& table) {
  std::string group;
  for (const Flag& flag : table.flags()) {
    if (flag.group != group) out << '\n' << flag.group << '\n';
    group = flag.group;
    out << "  " << flag_usage(flag) << '\n';
    print_wrapped(out, flag_text(flag), 6);
  }
}

void print_exit_codes(std::ostream& out) {
  out << "\nExit status\n";
  for (const ExitCodeMeaning& entry : kExitCodes) {
    print_padded(out, std::to_string(entry.code), 1, entry.meaning);
  }
}

// A list of what `lifeboat help` can be asked for.
template <typename Items, typename Name, typename Summary>
void print_list(std::ostream& out, const Items& items, Name name, Summary summary) {
  std::size_t width = 0;
  for (const auto& item : items) width = std::max(width, name(item).size());
  for (const auto& item : items) print_padded(out, std::string(name(item)), width, summary(item));
}

}  // namespace

void print_program_help(std::ostream& out) {
  print_wrapped(out, std::string(kProgramDescription), 0);
  out << "\nUsage\n  lifeboat COMMAND [flags]\n\nCommands\n";
  print_list(
      out, all_commands(), [](const auto& entry) { return entry->help.name; },
      [](const auto& entry) { return entry->help.summary; });
  out << "\nStart here\n"
         "  mkdir -p /backups\n"
         "  lifeboat backup --vault /backups --cluster prod --endpoints 127.0.0.1:2379\n"
         "  lifeboat list --vault /backups\n\n";
  print_wrapped(out, std::string(kWhereValuesComeFrom), 0);
  print_exit_codes(out);
  out << "\nTopics\n";
  print_list(
      out, all_topics(), [](const Topic& topic) { return topic.name; },
      [](const Topic& topic) { return topic.summary; });
  out << "\n\"lifeboat help COMMAND\" explains a command, \"lifeboat help TOPIC\" a topic.\n";
}

void print_command_help(std::ostream& out, const CommandEntry& entry) {
  const CommandHelp& help = entry.help;
  out << "lifeboat " << help.name << ": " << help.summary << "\n\nUsage\n  " << usage_line(help)
      << "\n\n";
  print_paragraphs(out, help.description);
  out << "\nExamples\n";
  for (const Example& example : help.examples) {
    print_wrapped(out, "# " + example.explanation, 2);
    out << "  " << example.command << '\n';
  }
  print_flags(out, entry.flags);
  print_exit_codes(out);
}

void print_topic_help(std::ostream& out, const Topic& topic) {
  out << topic.name << ": " << topic.summary << "\n\n";
  print_paragraphs(out, topic.text);
}

std::vector<std::string> paragraphs(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    result.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return result;
}

bool is_printed_as_it_is(std::string_view paragraph) { return paragraph.starts_with("  "); }

std::string flag_text(const Flag& flag) {
  std::string text = flag.help;
  if (!flag.default_value.empty()) text += base::cat(" (default ", flag.default_value, ")");
  return flag.from_environment ? base::cat(text, " [", flag_variables(flag), "]") : text;
}

std::string flag_usage(const Flag& flag) {
  if (!flag.from_arguments) return flag.env_name() + "=" + flag.value_name;
  std::string text = flag.short_name == 0 ? "" : std::string("-") + flag.short_name + ", ";
  text += "--" + flag.name;
  return flag.is_switch() ? text : text + " " + flag.value_name;
}

std::string flag_variables(const Flag& flag) {
  std::vector<std::string> names{flag.env_name()};
  if (!flag.etcdctl_env.empty()) names.push_back(flag.etcdctl_env);
  names.insert(names.end(), flag.aws_envs.begin(), flag.aws_envs.end());
  return base::join(names, ", ");
}

}  // namespace lifeboat::cli
