// The flags of a command as a table, from which parsing, environment, configuration file, help,
// shell completion and docs/CONFIGURATION.md are all made.
//
//   flags.text("vault", "PATH", "the folder that holds the backups", &options.vault);
//   flags.count("keep-last", "keep the newest N backups", &options.keep_last);
//
// A value comes from, in this order: the command line, LIFEBOAT_<NAME>, what etcdctl or the tools
// of Amazon call it (ETCDCTL_..., AWS_...), the configuration file (same name with underscores),
// the target's value when the flag was declared, which is its default.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::cli {

struct Flag {
  std::string name;                   // without the dashes: "keep-last"
  std::string value_name;             // "N"; empty for a switch
  std::string help;                   // one sentence, no full stop
  std::string default_value;          // as the user would write it; empty for none
  std::string etcdctl_env;            // "ETCDCTL_CACERT"; empty for none
  std::vector<std::string> aws_envs;  // {"AWS_REGION"}; the first that is set counts
  std::string group;                  // heading in the help
  char short_name = 0;                // 'o', or none
  bool repeatable = false;            // given more than once, or as a list with commas
  // Where it may come from. A secret is no argument, which every user of the machine could read; a
  // question such as --help is nothing to be set for good.
  bool from_arguments = true;
  bool from_environment = true;
  bool from_file = true;
  std::vector<std::string> choices;  // the only values (or elements of a list) that are allowed
  // Takes one value; "true" or "false" for a switch. Throws base::Error kInvalid whose message
  // says what is wrong with the value (`"x" is not a whole number`).
  std::function<void(const std::string&)> set;
  // Empties a repeatable target before its first value from a source. May be empty.
  std::function<void()> clear;
  // Throws as `set` does for a value that is fine elsewhere but not among arguments. May be empty.
  std::function<void(const std::string&)> check_argument;

  bool is_switch() const { return value_name.empty(); }
  std::string env_name() const;     // "LIFEBOAT_KEEP_LAST"
  std::string config_name() const;  // "keep_last"
};

class FlagTable {
 public:
  // Flags declared from here on stand under `heading` in the help.
  void group(std::string heading) { group_ = std::move(heading); }

  // Each borrows its target and returns the flag for touches such as `.etcdctl_env`, valid until
  // the next declaration. No name is declared twice.
  Flag& text(std::string name, std::string value_name, std::string help, std::string* target);
  Flag& toggle(std::string name, std::string help, bool* target);
  // Whole numbers from 0 up to `max`.
  Flag& count(std::string name, std::string help, unsigned* target, unsigned max = 100000);
  // Longer than 0.
  Flag& duration(std::string name, std::string help, std::chrono::milliseconds* target);
  // At least a second.
  Flag& optional_duration(std::string name, std::string help,
                          std::optional<std::chrono::seconds>* target);
  // At least a byte.
  Flag& optional_size(std::string name, std::string help, std::optional<std::uint64_t>* target);
  Flag& list(std::string name, std::string value_name, std::string help,
             std::vector<std::string>* target);
  Flag& choice(std::string name, std::vector<std::string> choices, std::string help,
               std::string* target);

  const std::vector<Flag>& flags() const { return flags_; }
  // Nullptr if there is none of that name; borrowed.
  const Flag* find(std::string_view name) const;

 private:
  Flag& add(Flag flag);

  std::vector<Flag> flags_;
  std::string group_;
};

// One value for one flag.
struct Setting {
  // Where values come from; a later one hides an earlier one.
  enum class Source { kLegacy, kConfigFile, kOtherTool, kLifeboat, kArgument };

  std::string flag;    // its name
  std::string value;   // a list may have several settings
  std::string origin;  // "--vault", "LIFEBOAT_VAULT", "lifeboat.yaml line 3: vault": for messages
  Source source = Source::kArgument;
};

struct CommandLine {
  std::vector<Setting> settings;
  std::vector<std::string> arguments;  // those that are no flags, in their order
};

// Takes `argv`, without the program and the command, apart: "--flag value", "--flag=value",
// "-o value", and after "--" nothing but arguments. Throws kInvalid for an unknown flag (with the
// nearest that exists) and for one that lacks its value.
CommandLine split_command_line(const FlagTable& table, const std::vector<std::string>& argv);

using Environment = std::map<std::string, std::string>;

// The process's own: LIFEBOAT_*, ETCDCTL_*, OCP_BACKUP_* and AWS_*, those that name proxies, and of
// all others HOME, PATH and TMPDIR. An empty variable counts as not set.
Environment read_environment(const char* const* envp);

// The variable's value, or `otherwise` where it is not set.
std::string environment_value(const Environment& environment, const std::string& name,
                              const std::string& otherwise);

// What the environment says of the flags of `table`.
std::vector<Setting> environment_settings(const FlagTable& table, const Environment& environment);

// A line for each LIFEBOAT_ variable that no flag listens to: a misspelt one must not be silent.
// What Kubernetes itself sets for a Service called "lifeboat" is passed over.
std::vector<std::string> unknown_variables(const std::vector<std::string>& known_variables,
                                           const Environment& environment);

// Sets the flags, each from its highest source only and the highest source last, so that of two
// flags for one thing (a password and a file with it) the one that was given closer wins. Settings
// for flags that the table lacks are passed over. Throws kInvalid with one line that names origin,
// value and what is wrong.
void apply_settings(const FlagTable& table, const std::vector<Setting>& settings);

// The candidate that `word` was probably meant to be, a beginning of one included; "" if none.
std::string suggest(std::string_view word, const std::vector<std::string>& candidates);

// "\"x\"": text from outside for a message.
std::string in_quotes(std::string_view text);

}  // namespace lifeboat::cli
