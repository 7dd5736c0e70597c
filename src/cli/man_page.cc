#include "cli/man_page.h"

#include "base/text.h"
#include "cli/help.h"
#include "cli/topics.h"
#include "version.h"

namespace lifeboat::cli {
namespace {

using base::cat;

// A backslash begins an escape, a hyphen would be printed as another character than the one to
// copy.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  return result;
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

// A line of text; one that begins like a request would be taken for one.
std::string line(std::string_view text) {
  const bool looks_like_request = text.starts_with('.') || text.starts_with('\'');
  return cat(looks_like_request ? "\\&" : "", escaped(text), "\n");
}

std::string bold(std::string_view text) { return cat("\\fB", escaped(text), "\\fR"); }

std::string section(std::string_view name) { return cat(".SH ", name, "\n"); }

void print_paragraph(std::ostream& out, std::string_view text) {
  const bool as_it_is = is_printed_as_it_is(text);
  out << (as_it_is ? ".PP\n.RS 4\n.nf\n" : ".PP\n");
  for (const std::string& each : base::split(text, '\n')) {
    out << line(as_it_is ? std::string_view(each).substr(2) : each);
  }
  if (as_it_is) out << ".fi\n.RE\n";
}

void print_paragraphs(std::ostream& out, std::string_view text) {
  for (const std::string& paragraph : paragraphs(text)) print_paragraph(out, paragraph);
}

void print_tagged(std::ostream& out, std::string_view tag, std::string_view text) {
  out << ".TP\n" << bold(tag) << '\n' << line(text);
}

void print_title(std::ostream& out, std::string_view name, std::string_view summary) {
  out << ".TH " << upper(name) << " 1 \"\" \"lifeboat " << kVersion << "\" \"Lifeboat\"\n"
      << section("NAME") << escaped(name) << " \\- " << escaped(summary) << '\n';
}

void print_exit_status(std::ostream& out) {
  out << section("EXIT STATUS");
  for (const ExitCodeMeaning& entry : kExitCodes) {
    print_tagged(out, std::to_string(entry.code), entry.meaning);
  }
}

void print_flags(std::ostream& out, const FlagTable& table) {
  out << section("OPTIONS");
  std::string group;
  for (const Flag& flag : table.flags()) {
    if (flag.group != group) out << ".SS \"" << escaped(flag.group) << "\"\n";
    group = flag.group;
    print_tagged(out, flag_usage(flag), flag_text(flag));
  }
}

}  // namespace

void print_program_man_page(std::ostream& out) {
  print_title(out, "lifeboat", "backup and disaster recovery for the etcd of Kubernetes");
  out << section("SYNOPSIS") << bold("lifeboat") << " \\fICOMMAND\\fR [\\fIflags\\fR]\n"
      << section("DESCRIPTION");
  print_paragraphs(out, kProgramDescription);
  out << section("COMMANDS");
  for (const auto& entry : all_commands()) {
    print_tagged(out, cat("lifeboat-", entry->help.name, "(1)"), entry->help.summary);
  }
  for (const Topic& topic : all_topics()) {
    out << section(cat("\"", upper(topic.name), "\""));
    print_paragraphs(out, topic.text);
  }
  out << section("ENVIRONMENT");
  print_paragraphs(out, kWhereValuesComeFrom);
  print_exit_status(out);
}

void print_command_man_page(std::ostream& out, const CommandEntry& entry) {
  const CommandHelp& help = entry.help;
  print_title(out, cat("lifeboat-", help.name), help.summary);
  out << section("SYNOPSIS") << bold(cat("lifeboat ", help.name)) << ' ' << escaped(help.arguments)
      << " [\\fIflags\\fR]\n"
      << section("DESCRIPTION");
  print_paragraphs(out, help.description);
  out << section("EXAMPLES");
  for (const Example& example : help.examples) {
    print_paragraph(out, example.explanation);
    print_paragraph(out, cat("  ", example.command));
  }
  print_flags(out, entry.flags);
  print_exit_status(out);
  out << section("SEE ALSO") << bold("lifeboat") << "(1)\n";
}

}  // namespace lifeboat::cli
