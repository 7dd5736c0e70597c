// Which version of etcd may start on what a snapshot of another one holds.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace lifeboat::etcd {

// What a schema depends on; patches never change it.
struct EtcdVersion {
  std::uint32_t major = 3;
  std::uint32_t minor = 0;

  auto operator<=>(const EtcdVersion&) const = default;  // NOLINT(modernize-use-nullptr): its bug
  std::string text() const;                              // "3.5"
};

// What this program knows.
inline constexpr EtcdVersion kOldestVersion{3, 4};
inline constexpr EtcdVersion kNewestVersion{3, 7};

// "3.5", "3.5.30" or "v3.5.30". Throws kInvalid.
EtcdVersion parse_etcd_version(std::string_view text);

struct VersionStep {
  std::string snapshot;  // whose schema the snapshot has
  std::string target;    // what is to be started on it; empty: the same
};

// The version to restore for. Throws kInvalid for what is no version; kUnsupported with etcd's own
// reason for a step that etcd does not make: down, or up by more than one minor version, and for
// versions outside what is known.
EtcdVersion target_version(const VersionStep& step);

}  // namespace lifeboat::etcd
