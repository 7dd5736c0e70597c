// The names within an etcd data directory, each with its maker and its parser.
// Paper: docs/formats/data-dir.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lifeboat::etcd {

inline constexpr const char* kMemberFolder = "member";
// Within that.
inline constexpr const char* kSnapFolder = "snap";
inline constexpr const char* kWalFolder = "wal";  // unless etcd is given a --wal-dir
inline constexpr const char* kDatabaseFile = "snap/db";

// How long etcd makes a WAL file before it writes to it, the rest zeros. Nothing asks for it: a
// file may as well end with its last record.
inline constexpr std::uint64_t kWalFileSizeBytes = 64'000'000;

struct WalFileId {
  std::uint64_t sequence = 0;     // counts files, without a gap
  std::uint64_t first_index = 0;  // the first entry that the file may hold

  bool operator==(const WalFileId&) const = default;
};

// "0000000000000000-0000000000000000.wal", within the WAL folder.
std::string wal_file_name(const WalFileId& id);
std::optional<WalFileId> parse_wal_file_name(std::string_view name);

struct RaftSnapId {
  std::uint64_t term = 0;
  std::uint64_t index = 0;  // of the last entry that it stands for

  bool operator==(const RaftSnapId&) const = default;
};

// "0000000000000001-0000000000000003.snap", within the snap folder.
std::string raft_snap_file_name(const RaftSnapId& id);
std::optional<RaftSnapId> parse_raft_snap_file_name(std::string_view name);

}  // namespace lifeboat::etcd
