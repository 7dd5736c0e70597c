#include "cli/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"

namespace lifeboat::cli {
namespace {

using base::Code;
using base::Error;
using std::chrono::milliseconds;

constexpr std::string_view kEnvironmentPrefix = "LIFEBOAT_";

constexpr auto kVariablePrefixes =
    std::to_array<std::string_view>({kEnvironmentPrefix, "ETCDCTL_", "OCP_BACKUP_", "AWS_"});
constexpr auto kVariables =
    std::to_array<std::string_view>({"PATH", "TMPDIR", "HOME", "HTTPS_PROXY", "https_proxy",
                                     "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"});

std::string replace_dashes(std::string text) {
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

[[noreturn]] void refuse(const std::string& value, std::string_view problem,
                         std::string hint = {}) {
  throw Error(Code::kInvalid, base::cat(in_quotes(value), " ", problem), std::move(hint));
}

// ---- Values -----------------------------------------------------------------------------------

// As a person would type it: "5s" and not "5.0s".
std::string written(milliseconds duration) {
  const auto count = duration.count();
  if (count % 60000 == 0) return base::cat(count / 60000, "m");
  if (count % 1000 == 0) return base::cat(count / 1000, "s");
  return base::cat(count, "ms");
}

bool parse_switch(const std::string& value) {
  for (const char* yes : {"true", "yes", "1"}) {
    if (value == yes) return true;
  }
  for (const char* no : {"false", "no", "0"}) {
    if (value == no) return false;
  }
  refuse(value, "is neither true nor false");
}

unsigned parse_count(const std::string& value, unsigned max) {
  const char* end = value.data() + value.size();
  unsigned number = 0;
  const auto result = std::from_chars(value.data(), end, number);
  const bool digits_only = value.find_first_not_of("0123456789") == std::string::npos;
  if (digits_only && (result.ec == std::errc::result_out_of_range || number > max)) {
    refuse(value, base::cat("is more than ", max));
  }
  if (!digits_only || result.ec != std::errc()) refuse(value, "is not a whole number from 0 up");
  return number;
}

milliseconds parse_duration_flag(const std::string& value, milliseconds min) {
  const auto duration = base::parse_duration(value);
  if (!duration) {
    refuse(value, "is not a duration", "durations are written like 30s, 5m, 1h30m or 30d");
  }
  if (*duration < min) {
    refuse(value, "is less than " + written(min));
  }
  return *duration;
}

std::uint64_t parse_size_flag(const std::string& value) {
  const auto size = base::parse_size(value);
  if (!size) refuse(value, "is not a size", "sizes are written like 500Mi, 18Gi or 20G");
  if (*size == 0) refuse(value, "is not more than 0");
  return *size;
}

Flag describe(std::string name, std::string value_name, std::string help,
              std::string default_value = {}) {
  Flag flag;
  flag.name = std::move(name);
  flag.value_name = std::move(value_name);
  flag.help = std::move(help);
  flag.default_value = std::move(default_value);
  return flag;
}

// ---- The command line -------------------------------------------------------------------------

std::vector<std::string> names_with_dashes(const FlagTable& table) {
  std::vector<std::string> names;
  for (const Flag& flag : table.flags()) {
    if (flag.from_arguments) names.push_back("--" + flag.name);
  }
  return names;
}

[[noreturn]] void refuse_unknown(const FlagTable& table, const std::string& argument) {
  const std::string name = argument.substr(0, argument.find('='));
  // People also write "-vault" for "--vault".
  const std::string bare = name.substr(std::min(name.find_first_not_of('-'), name.size()));
  const std::string meant = suggest("--" + bare, names_with_dashes(table));
  throw Error(Code::kInvalid, base::cat("unknown flag ", base::printable(name, 60)),
              meant.empty() ? "" : base::cat("did you mean ", meant, "?"));
}

const Flag* flag_by_argument(const FlagTable& table, std::string_view argument) {
  if (argument.starts_with("--")) return table.find(argument.substr(2));
  for (const Flag& flag : table.flags()) {
    if (argument.size() == 2 && argument[0] == '-' && argument[1] == flag.short_name) return &flag;
  }
  return nullptr;
}

// CLI11 reads "--flag=" as "--flag" and goes on to eat the next argument, and takes the '=' of
// "-o=json" for a part of the value. Both are settled before it sees them.
std::vector<std::string> straighten(const FlagTable& table, std::vector<std::string> argv) {
  for (std::string& argument : argv) {
    if (argument == "--") break;
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = argument.substr(0, equals);
    if (flag_by_argument(table, name) == nullptr) continue;
    if (equals + 1 == argument.size()) {
      throw Error(Code::kInvalid, base::cat(name, " needs a value"));
    }
    if (!name.starts_with("--")) argument.erase(equals, 1);
  }
  return argv;
}

using Options = std::vector<std::pair<const Flag*, CLI::Option*>>;

Options declare_options(CLI::App& app, const FlagTable& table) {
  Options options;
  for (const Flag& flag : table.flags()) {
    if (!flag.from_arguments) continue;
    std::string names = "--" + flag.name;
    if (flag.short_name != 0) names += std::string(",-") + flag.short_name;
    CLI::Option* option = flag.is_switch() ? app.add_flag(names) : app.add_option(names);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    options.emplace_back(&flag, option);
  }
  return options;
}

void take_values(const Flag& flag, const std::vector<std::string>& values, CommandLine& line) {
  const std::string origin = "--" + flag.name;
  for (const std::string& value : values) {
    // A forgotten value makes CLI11 take the next flag for it. No value of ours looks like a flag.
    if (value.starts_with("--") || value == "-o" || value == "-h") {
      throw Error(Code::kInvalid, base::cat(origin, " needs a value, and ", in_quotes(value),
                                            " looks like a flag"));
    }
    line.settings.push_back({flag.name, value, origin, Setting::Source::kArgument});
  }
}

// What CLI11 did not know: unknown flags, and arguments.
void take_rest(const FlagTable& table, const std::vector<std::string>& rest, CommandLine& line) {
  bool arguments_only = false;
  for (const std::string& argument : rest) {
    if (argument == "--" && !arguments_only) {
      arguments_only = true;
    } else if (!arguments_only && argument.size() > 1 && argument[0] == '-') {
      refuse_unknown(table, argument);
    } else {
      line.arguments.push_back(argument);
    }
  }
}

// ---- Settings ---------------------------------------------------------------------------------

// The settings of one flag, all from the highest source that has any.
std::vector<const Setting*> winners(const Flag& flag, const std::vector<Setting>& settings) {
  std::vector<const Setting*> chosen;
  for (const Setting& setting : settings) {
    if (setting.flag != flag.name) continue;
    if (!chosen.empty() && setting.source < chosen.front()->source) continue;
    if (!chosen.empty() && setting.source > chosen.front()->source) chosen.clear();
    chosen.push_back(&setting);
  }
  return chosen;
}

void check_choice(const Flag& flag, const std::string& value) {
  if (flag.choices.empty()) return;
  const auto parts = flag.repeatable ? base::split(value, ',') : std::vector<std::string>{value};
  for (const std::string& part : parts) {
    if (std::find(flag.choices.begin(), flag.choices.end(), part) == flag.choices.end()) {
      refuse(part, base::cat("is none of ", base::join(flag.choices, ", ")));
    }
  }
}

void apply_one(const Flag& flag, const Setting& setting) {
  try {
    if (setting.value.empty()) throw Error(Code::kInvalid, "the value is empty");
    const bool is_argument = setting.source == Setting::Source::kArgument;
    if (is_argument && flag.check_argument) flag.check_argument(setting.value);
    check_choice(flag, setting.value);
    flag.set(setting.value);
  } catch (const Error& error) {
    throw error.with_context(setting.origin);
  }
}

void apply_flag(const Flag& flag, const std::vector<const Setting*>& settings) {
  const Setting& first = *settings.front();
  if (first.source == Setting::Source::kConfigFile && settings.size() > 1 && !flag.repeatable) {
    throw Error(Code::kInvalid, base::cat(first.origin, ": takes one value, not a list"));
  }
  if (flag.clear) flag.clear();
  for (const Setting* setting : settings) apply_one(flag, *setting);
}

// A Service called "lifeboat" makes Kubernetes set LIFEBOAT_SERVICE_HOST, LIFEBOAT_PORT and more of
// that kind in every pod beside it.
bool is_set_by_kubernetes(std::string_view name, std::string_view value) {
  return name.ends_with("_SERVICE_HOST") || name.find("_SERVICE_PORT") != std::string_view::npos ||
         (name.find("_PORT") != std::string_view::npos &&
          (value.find("://") != std::string_view::npos ||
           name.find("_PORT_") != std::string_view::npos));
}

}  // namespace

std::string Flag::env_name() const {
  std::string text = replace_dashes(name);
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return base::cat(kEnvironmentPrefix, text);
}

std::string Flag::config_name() const { return replace_dashes(name); }

Flag& FlagTable::add(Flag flag) {
  LIFEBOAT_CHECK(find(flag.name) == nullptr);
  flag.group = group_;
  flags_.push_back(std::move(flag));
  return flags_.back();
}

Flag& FlagTable::text(std::string name, std::string value_name, std::string help,
                      std::string* target) {
  Flag flag = describe(std::move(name), std::move(value_name), std::move(help), *target);
  flag.set = [target](const std::string& value) { *target = value; };
  return add(std::move(flag));
}

Flag& FlagTable::toggle(std::string name, std::string help, bool* target) {
  Flag flag = describe(std::move(name), "", std::move(help), *target ? "true" : "");
  flag.set = [target](const std::string& value) { *target = parse_switch(value); };
  return add(std::move(flag));
}

Flag& FlagTable::count(std::string name, std::string help, unsigned* target, unsigned max) {
  Flag flag = describe(std::move(name), "N", std::move(help), std::to_string(*target));
  flag.set = [target, max](const std::string& value) { *target = parse_count(value, max); };
  return add(std::move(flag));
}

Flag& FlagTable::duration(std::string name, std::string help, milliseconds* target) {
  Flag flag = describe(std::move(name), "DURATION", std::move(help), written(*target));
  flag.set = [target](const std::string& value) {
    *target = parse_duration_flag(value, milliseconds(1));
  };
  return add(std::move(flag));
}

Flag& FlagTable::optional_duration(std::string name, std::string help,
                                   std::optional<std::chrono::seconds>* target) {
  Flag flag = describe(std::move(name), "DURATION", std::move(help));
  flag.set = [target](const std::string& value) {
    *target =
        std::chrono::floor<std::chrono::seconds>(parse_duration_flag(value, milliseconds(1000)));
  };
  return add(std::move(flag));
}

Flag& FlagTable::optional_size(std::string name, std::string help,
                               std::optional<std::uint64_t>* target) {
  Flag flag = describe(std::move(name), "SIZE", std::move(help));
  flag.set = [target](const std::string& value) { *target = parse_size_flag(value); };
  return add(std::move(flag));
}

Flag& FlagTable::list(std::string name, std::string value_name, std::string help,
                      std::vector<std::string>* target) {
  Flag flag =
      describe(std::move(name), std::move(value_name), std::move(help), base::join(*target, ","));
  flag.repeatable = true;
  flag.clear = [target] { target->clear(); };
  flag.set = [target](const std::string& value) {
    const std::vector<std::string> parts = base::split(value, ',');
    if (parts.empty()) refuse(value, "is an empty list");
    target->insert(target->end(), parts.begin(), parts.end());
  };
  return add(std::move(flag));
}

Flag& FlagTable::choice(std::string name, std::vector<std::string> choices, std::string help,
                        std::string* target) {
  Flag flag = describe(std::move(name), base::join(choices, "|"), std::move(help), *target);
  flag.choices = std::move(choices);
  flag.set = [target](const std::string& value) { *target = value; };
  return add(std::move(flag));
}

const Flag* FlagTable::find(std::string_view name) const {
  const auto match = [&](const Flag& flag) { return flag.name == name; };
  const auto found = std::find_if(flags_.begin(), flags_.end(), match);
  return found == flags_.end() ? nullptr : &*found;
}

CommandLine split_command_line(const FlagTable& table, const std::vector<std::string>& argv) {
  CLI::App app;
  app.set_help_flag();  // none of CLI11's own
  app.allow_extras();
  const Options options = declare_options(app, table);
  std::vector<std::string> reversed = straighten(table, argv);
  std::reverse(reversed.begin(), reversed.end());  // the order in which CLI11 takes a vector
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::Error&) {
    // All that can go wrong here is a last flag without its value: values are not looked at, and
    // whatever is unknown is left over.
    LIFEBOAT_CHECK(!argv.empty());
    throw Error(Code::kInvalid, base::cat(base::printable(argv.back(), 60), " needs a value"));
  }
  CommandLine line;
  take_rest(table, app.remaining(), line);
  for (const auto& [flag, option] : options) take_values(*flag, option->results(), line);
  return line;
}

Environment read_environment(const char* const* envp) {
  Environment environment;
  for (; *envp != nullptr; ++envp) {
    const std::string_view entry = *envp;
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos || equals + 1 == entry.size()) continue;
    const bool ours = std::ranges::any_of(
        kVariablePrefixes, [&](std::string_view prefix) { return entry.starts_with(prefix); });
    if (!ours && std::ranges::find(kVariables, entry.substr(0, equals)) == kVariables.end()) {
      continue;
    }
    environment.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return environment;
}

std::string environment_value(const Environment& environment, const std::string& name,
                              const std::string& otherwise) {
  const auto found = environment.find(name);
  return found == environment.end() ? otherwise : found->second;
}

std::vector<Setting> environment_settings(const FlagTable& table, const Environment& environment) {
  std::vector<Setting> settings;
  const auto take = [&](const Flag& flag, const std::string& variable, Setting::Source source) {
    const auto found = environment.find(variable);
    if (found == environment.end() || found->second.empty()) return false;
    settings.push_back({flag.name, found->second, variable, source});
    return true;
  };
  for (const Flag& flag : table.flags()) {
    if (!flag.from_environment) continue;
    take(flag, flag.env_name(), Setting::Source::kLifeboat);
    take(flag, flag.etcdctl_env, Setting::Source::kOtherTool);
    std::ranges::find_if(flag.aws_envs, [&](const std::string& variable) {
      return take(flag, variable, Setting::Source::kOtherTool);
    });
  }
  return settings;
}

std::vector<std::string> unknown_variables(const std::vector<std::string>& known_variables,
                                           const Environment& environment) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : environment) {
    const bool known =
        std::find(known_variables.begin(), known_variables.end(), name) != known_variables.end();
    if (known || !name.starts_with(kEnvironmentPrefix) || is_set_by_kubernetes(name, value)) {
      continue;
    }
    const std::string meant = suggest(name, known_variables);
    lines.push_back(base::cat("the environment variable ", base::printable(name, 60),
                              " means nothing to lifeboat",
                              meant.empty() ? "" : base::cat("; did you mean ", meant, "?")));
  }
  return lines;
}

void apply_settings(const FlagTable& table, const std::vector<Setting>& settings) {
  std::vector<std::pair<const Flag*, std::vector<const Setting*>>> work;
  for (const Flag& flag : table.flags()) {
    auto chosen = winners(flag, settings);
    if (!chosen.empty()) work.emplace_back(&flag, std::move(chosen));
  }
  const auto source_of = [](const auto& entry) { return entry.second.front()->source; };
  std::stable_sort(work.begin(), work.end(), [&](const auto& left, const auto& right) {
    return source_of(left) < source_of(right);
  });
  for (const auto& [flag, chosen] : work) apply_flag(*flag, chosen);
}

std::string suggest(std::string_view word, const std::vector<std::string>& candidates) {
  const std::vector<std::string_view> views(candidates.begin(), candidates.end());
  const std::string_view near = base::nearest(word, views);
  if (!near.empty()) return std::string(near);
  constexpr std::size_t kEnoughLetters = 5;  // "--pin" is no beginning worth guessing from
  for (const std::string& candidate : candidates) {
    if (word.size() > kEnoughLetters && candidate.starts_with(word)) return candidate;
  }
  return "";
}

std::string in_quotes(std::string_view text) {
  return base::cat("\"", base::printable(text, 60), "\"");
}

}  // namespace lifeboat::cli
