#include "cli/docs.h"

#include "base/text.h"
#include "cli/command.h"
#include "cli/help.h"

namespace lifeboat::cli {
namespace {

constexpr std::string_view kIntroduction =
    R"(# Configuration

Made from the program by `lifeboat help --configuration-md`; a test compares the two.

## Where values come from

The first of these that has a value wins:

1. the command line: `--vault /backups`, `--vault=/backups`;
2. the environment variable `LIFEBOAT_` and the flag's name: `LIFEBOAT_VAULT=/backups`;
3. the variable of etcdctl or of Amazon's tools, where there is one: `ETCDCTL_ENDPOINTS`,
   `AWS_REGION`;
4. the file named by `--config` or `LIFEBOAT_CONFIG`;
5. the default.

An environment variable that is empty counts as not set. One that begins with `LIFEBOAT_` and that
no flag listens to is named in a warning, so that a misspelt one is not silent.

Durations are written like `30s`, `5m`, `1h30m` or `30d`, sizes like `500Mi`, `18Gi` or `20G`. A
switch is `true` or `false`. A list has commas, or the flag is given several times.

A password is never taken from the command line, where every user of the machine could read it: it
comes from `--password-file`, `LIFEBOAT_PASSWORD`, `ETCDCTL_PASSWORD`, or from a user written
`NAME:PASSWORD` in a variable or in the file. The keys of a bucket are no flags either:
[BUCKETS.md](BUCKETS.md) says where they come from.

`HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in capitals or not, lead the way to buckets, never to
etcd or to the node's API server.

## The configuration file

YAML: the names are those of the flags with underscores. One file may serve all commands; names that
no command knows are refused.

```yaml
vault: /backups
cluster: prod
endpoints:
  - https://10.0.0.5:2379
  - https://10.0.0.6:2379
cacert: /etc/lifeboat/ca.crt
cert: /etc/lifeboat/client.crt
key: /etc/lifeboat/client.key
keep_last: 5
keep_daily: 7
```
)";

std::string markdown(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string code(std::string_view text) {
  return text.empty() ? "" : base::cat("`", markdown(text), "`");
}

void print_flag_table(std::ostream& out, const FlagTable& table) {
  std::string group;
  for (const Flag& flag : table.flags()) {
    if (flag.group != group) {
      out << "\n**" << flag.group << "**\n\n"
          << "| flag | meaning | default | in the file | variables |\n| --- | --- | --- | --- | "
             "--- |\n";
    }
    group = flag.group;

    out << "| " << code(flag.from_arguments ? flag_usage(flag) : "") << " | " << markdown(flag.help)
        << " | " << code(flag.default_value) << " | "
        << code(flag.from_file ? flag.config_name() : "") << " | "
        << code(flag.from_environment ? flag.env_name() : "")
        << (flag.etcdctl_env.empty() ? "" : " ") << code(flag.etcdctl_env);
    for (const std::string& variable : flag.aws_envs) out << ' ' << code(variable);
    out << " |\n";
  }
}

void print_exit_codes(std::ostream& out) {
  out << "\n## Exit status\n\n| status | meaning |\n| --- | --- |\n";
  for (const ExitCodeMeaning& entry : kExitCodes) {
    out << "| " << entry.code << " | " << entry.meaning << " |\n";
  }
}

}  // namespace

void print_configuration_page(std::ostream& out) {
  out << kIntroduction;
  FlagTable common_flags;
  CommonOptions common;
  declare_common_flags(common_flags, &common);
  out << "\n## Flags of every command\n";
  print_flag_table(out, common_flags);
  for (const auto& entry : all_commands()) {
    FlagTable own;
    entry->command->declare_flags(own);
    if (own.flags().empty()) continue;
    out << "\n## lifeboat " << entry->help.name << '\n';
    print_flag_table(out, own);
  }
  print_exit_codes(out);
}

}  // namespace lifeboat::cli
