#include "etcd/etcd_version.h"

#include <charconv>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::etcd {
namespace {

using base::cat;
using base::Code;
using base::Error;

[[noreturn]] void refuse_text(std::string_view text) {
  throw Error(Code::kInvalid, cat("'", base::printable(text), "' is no version of etcd"),
              "a version looks like 3.5");
}

std::vector<std::uint32_t> parse_numbers(std::string_view text) {
  std::vector<std::uint32_t> numbers;
  std::string_view rest = text.starts_with('v') ? text.substr(1) : text;
  for (;;) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc()) refuse_text(text);
    numbers.push_back(number);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (rest.empty()) return numbers;
    if (rest.front() != '.') refuse_text(text);
    rest.remove_prefix(1);
  }
}

void check_known(const EtcdVersion& version) {
  if (kOldestVersion <= version && version <= kNewestVersion) return;
  throw Error(
      Code::kUnsupported, cat("no restore is known for etcd ", version.text()),
      cat("this program restores for etcd ", kOldestVersion.text(), " to ", kNewestVersion.text(),
          "; for another one, give the snapshot to the etcdutl of that version"));
}

[[noreturn]] void refuse_step(const EtcdVersion& from, const EtcdVersion& to, std::string_view why,
                              std::string_view hint) {
  throw Error(
      Code::kUnsupported,
      cat("a snapshot of etcd ", from.text(), " can't be restored for etcd ", to.text(), ": ", why),
      std::string(hint));
}

}  // namespace

std::string EtcdVersion::text() const { return cat(major, '.', minor); }

EtcdVersion parse_etcd_version(std::string_view text) {
  const auto numbers = parse_numbers(text);
  if (numbers.size() < 2 || numbers.size() > 3) refuse_text(text);
  return {numbers[0], numbers[1]};
}

EtcdVersion target_version(const VersionStep& step) {
  const EtcdVersion from = parse_etcd_version(step.snapshot);
  const EtcdVersion to = step.target.empty() ? from : parse_etcd_version(step.target);
  check_known(from);
  check_known(to);
  if (to < from) {
    refuse_step(
        from, to, "an etcd takes no data of a newer one",
        cat("restore for ", from.text(), " and downgrade the running cluster, if that etcd can"));
  }
  if (to.minor > from.minor + 1) {
    const EtcdVersion next{from.major, from.minor + 1};
    refuse_step(from, to, "etcd upgrades by one minor version at a time",
                cat("restore for ", from.text(), " or ", next.text(),
                    ", start that, and upgrade the running cluster from there"));
  }
  return to;
}

}  // namespace lifeboat::etcd
