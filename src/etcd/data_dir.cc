#include "etcd/data_dir.h"

#include <charconv>

#include "base/bytes.h"
#include "base/integers.h"
#include "base/text.h"

namespace lifeboat::etcd {
namespace {

constexpr std::size_t kWordDigits = 16;
constexpr std::string_view kWalSuffix = ".wal";
constexpr std::string_view kRaftSnapSuffix = ".snap";

struct Words {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

// All its digits, in lower case, as to_hex makes them.
std::string word_text(std::uint64_t value) {
  const base::be64 word = value;
  return base::to_hex({reinterpret_cast<const std::uint8_t*>(&word), sizeof(word)});
}

std::optional<std::uint64_t> parse_word(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data(), end, value, 16).ptr != end || word_text(value) != text) {
    return std::nullopt;
  }
  return value;
}

std::string make_name(const Words& words, std::string_view suffix) {
  return base::cat(word_text(words.first), '-', word_text(words.second), suffix);
}

std::optional<Words> parse_name(std::string_view name, std::string_view suffix) {
  if (name.size() != 2 * kWordDigits + 1 + suffix.size() || name[kWordDigits] != '-' ||
      !name.ends_with(suffix)) {
    return std::nullopt;
  }
  const auto first = parse_word(name.substr(0, kWordDigits));
  const auto second = parse_word(name.substr(kWordDigits + 1, kWordDigits));
  if (!first || !second) return std::nullopt;
  return Words{*first, *second};
}

}  // namespace

std::string wal_file_name(const WalFileId& id) {
  return make_name({id.sequence, id.first_index}, kWalSuffix);
}

std::optional<WalFileId> parse_wal_file_name(std::string_view name) {
  const auto words = parse_name(name, kWalSuffix);
  if (!words) return std::nullopt;
  return WalFileId{words->first, words->second};
}

std::string raft_snap_file_name(const RaftSnapId& id) {
  return make_name({id.term, id.index}, kRaftSnapSuffix);
}

std::optional<RaftSnapId> parse_raft_snap_file_name(std::string_view name) {
  const auto words = parse_name(name, kRaftSnapSuffix);
  if (!words) return std::nullopt;
  return RaftSnapId{words->first, words->second};
}

}  // namespace lifeboat::etcd
