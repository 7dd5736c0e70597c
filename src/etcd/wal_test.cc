#include "etcd/wal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "testing/golden.h"

namespace lifeboat::etcd {
namespace {

using base::as_bytes;
using base::as_text;
using ::testing::HasSubstr;
using Type = WalRecordType;

constexpr const char* kThreeMembers =
    "m1=http://127.0.0.1:22380,m2=http://127.0.0.1:22382,m3=http://127.0.0.1:22384";

RestoredCluster golden_cluster(int member_count) {
  return restored_cluster(
      {member_count == 1 ? "m1=http://127.0.0.1:22380" : kThreeMembers, "restored"});
}

// The log that etcd's own restore made of the member m1 of one, or m2 of three.
base::Buffer golden_wal(const std::string& version, int member_count) {
  return testing::read_golden(base::cat("data_dir/", version, "-r", member_count, ".wal"));
}

struct Read {
  std::vector<WalRecord> records;
  bool torn = false;
  std::uint64_t offset = 0;
  std::uint32_t crc = 0;
};

Read read_all(base::Bytes file, std::uint32_t crc = 0) {
  WalReader reader(file, crc);
  Read result;
  while (const auto record = reader.next()) result.records.push_back(*record);
  EXPECT_FALSE(reader.next());
  result.torn = reader.torn();
  result.offset = reader.offset();
  result.crc = reader.crc();
  return result;
}

std::string error_of(base::Bytes file, std::uint32_t crc = 0) {
  try {
    read_all(file, crc);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kCorrupt);
    return error.what();
  }
  return "no error";
}

std::vector<Type> types_of(const Read& read) {
  std::vector<Type> types;
  for (const WalRecord& record : read.records) types.push_back(record.type);
  return types;
}

base::Buffer wal_of(const std::vector<std::string>& entries) {
  WalWriter writer;
  for (const std::string& data : entries) writer.append(Type::kEntry, as_bytes(data));
  return writer.bytes();
}

// ---- Against etcd

TEST(RestoredWal, IsTheOneOfEtcdToTheByte) {
  for (const char* version : {"3.5.30", "3.6.14"}) {
    const RestoredCluster one = golden_cluster(1);
    EXPECT_EQ(restored_wal(one, one.members.front().id), golden_wal(version, 1)) << version;
    const RestoredCluster three = golden_cluster(3);
    EXPECT_EQ(restored_wal(three, member_by_name(three, "m2").id), golden_wal(version, 3))
        << version;
  }
}

// 3.4 knows no conf_state in a snapshot record, and 3.7 leaves zeros out.
TEST(RestoredWal, SaysTheSameAsThoseOfOtherVersions) {
  const RestoredCluster cluster = golden_cluster(3);
  const base::Buffer ours = restored_wal(cluster, member_by_name(cluster, "m2").id);
  const Read own = read_all(ours);
  for (const char* version : {"3.4.23", "3.7.1"}) {
    const base::Buffer golden = golden_wal(version, 3);
    const Read theirs = read_all(golden);
    ASSERT_EQ(types_of(theirs), types_of(own)) << version;
    for (const std::size_t i : {std::size_t{3}, std::size_t{4}, std::size_t{5}}) {
      const Entry entry = decode_entry(theirs.records[i].data);
      const Entry own_entry = decode_entry(own.records[i].data);
      EXPECT_EQ(entry.index, own_entry.index);
      EXPECT_EQ(decode_conf_change(entry.data), decode_conf_change(own_entry.data));
    }
    const WalSnapshot last = decode_wal_snapshot(theirs.records.back().data);
    EXPECT_EQ(last.index, 3u);
    EXPECT_EQ(last.term, 1u);
    EXPECT_EQ(last.conf_state.has_value(), std::string_view(version) == "3.7.1");
  }
}

TEST(WalReader, ReadsWhatEtcdWrote) {
  const base::Buffer file = golden_wal("3.5.30", 1);
  const Read read = read_all(file);
  EXPECT_EQ(types_of(read), (std::vector{Type::kCrc, Type::kMetadata, Type::kSnapshot, Type::kEntry,
                                         Type::kState, Type::kSnapshot}));
  EXPECT_FALSE(read.torn);
  EXPECT_EQ(read.offset, file.size());
  EXPECT_EQ(read.crc, 0x798bf627u);

  constexpr std::uint64_t kId = 0xd1e1ff3709726df9;
  EXPECT_EQ(decode_wal_metadata(read.records[1].data), (WalMetadata{kId, 0x8ce2a7b3a2ecad1a}));
  EXPECT_EQ(decode_wal_snapshot(read.records[2].data), WalSnapshot());
  const Entry entry = decode_entry(read.records[3].data);
  EXPECT_EQ(entry.type, EntryType::kConfChange);
  EXPECT_EQ(entry.index, 1u);
  const ConfChange change = decode_conf_change(entry.data);
  EXPECT_EQ(change.node_id, kId);
  EXPECT_THAT(std::string(as_text(change.context)), HasSubstr(R"("name":"m1")"));
  EXPECT_EQ(decode_hard_state(read.records[4].data), (HardState{1, kId, 1}));
  const WalSnapshot last = decode_wal_snapshot(read.records[5].data);
  EXPECT_EQ(last, (WalSnapshot{1, 1, ConfState{{kId}, {}, {}, {}, false}}));
}

TEST(WalReader, EndsAtTheZerosOfAFileMadeInAdvance) {
  base::Buffer file = golden_wal("3.5.30", 3);
  const std::size_t end = file.size();
  file.resize(end + 4096);
  const Read read = read_all(file);
  EXPECT_EQ(read.records.size(), 8u);
  EXPECT_FALSE(read.torn);
  EXPECT_EQ(read.offset, end);
}

TEST(WalReader, TakesAnythingAfterTheZerosForTorn) {
  base::Buffer file = golden_wal("3.5.30", 1);
  const std::size_t end = file.size();
  file.resize(end + 4096);
  file.back() = 1;
  const Read read = read_all(file);
  EXPECT_TRUE(read.torn);
  EXPECT_EQ(read.offset, end);
}

// ---- Round trip, chains

TEST(WalWriter, WritesRecordsOfEveryLength) {
  std::vector<std::string> entries;
  for (std::size_t size = 0; size < 40; ++size) entries.emplace_back(size, 'x');
  const base::Buffer file = wal_of(entries);
  EXPECT_EQ(file.size() % 8, 0u);
  const Read read = read_all(file);
  ASSERT_EQ(read.records.size(), entries.size() + 1);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(as_text(read.records[i + 1].data), entries[i]);
  }
}

TEST(WalWriter, CarriesTheChecksumOnToTheNextFile) {
  WalWriter first;
  first.append(Type::kEntry, as_bytes("one"));
  WalWriter second(first.crc());
  second.append(Type::kEntry, as_bytes("two"));
  const Read read = read_all(second.bytes(), read_all(first.bytes()).crc);
  EXPECT_EQ(read.records.size(), 2u);
  EXPECT_EQ(read.crc, second.crc());
  // Reading may begin at any file, but not go on from another.
  EXPECT_EQ(read_all(second.bytes()).crc, second.crc());
  EXPECT_THAT(error_of(second.bytes(), first.crc() + 1),
              HasSubstr("record at byte 0: the checksum does not continue the one before"));
}

// ---- Damage

TEST(WalReader, TakesAFileCutAnywhereForTorn) {
  const base::Buffer file = golden_wal("3.5.30", 1);
  const std::vector<std::uint64_t> borders{0, 16, 56, 80, 200, 240, 280};
  for (std::size_t size = 0; size <= file.size(); ++size) {
    const Read read = read_all(base::Bytes(file).first(size));
    const bool at_border = std::ranges::count(borders, size) > 0;
    EXPECT_EQ(read.torn, !at_border) << size;
    EXPECT_EQ(read.offset, *(std::ranges::upper_bound(borders, size) - 1)) << size;
  }
}

TEST(WalReader, SeesEveryFlippedBit) {
  const base::Buffer file = golden_wal("3.5.30", 1);
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    base::Buffer damaged = file;
    damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ (1U << (bit % 8)));
    try {
      const Read read = read_all(damaged);
      // What still passes is a length that leads out of the file, or padding, which says nothing.
      EXPECT_TRUE(read.torn || read.records.size() == 6) << bit;
      if (!read.torn) {
        EXPECT_EQ(read.crc, 0x798bf627u) << bit;
      }
    } catch (const base::Error&) {
    }
  }
}

// A record of some 1500 bytes from byte 16 on: the sectors in its middle begin at 512 and 1024.
TEST(WalReader, TellsASectorThatWasNotWrittenFromDamage) {
  const base::Buffer file = wal_of({std::string(1500, 'x')});
  base::Buffer torn = file;
  std::fill(torn.begin() + 512, torn.begin() + 1024, std::uint8_t{0});
  const Read read = read_all(torn);
  EXPECT_TRUE(read.torn);
  EXPECT_EQ(read.records.size(), 1u);
  EXPECT_EQ(read.offset, 16u);

  base::Buffer damaged = file;
  std::fill(damaged.begin() + 512, damaged.begin() + 1023, std::uint8_t{0});
  EXPECT_THAT(error_of(damaged), HasSubstr("record at byte 16: the checksum does not match"));
}

TEST(WalReader, RefusesWhatIsNoLog) {
  const base::Buffer begin = WalWriter().bytes();
  const auto with = [&](std::string_view more) {
    base::Buffer file = begin;
    file.insert(file.end(), more.begin(), more.end());
    return file;
  };
  using std::literals::string_view_literals::operator""sv;
  EXPECT_THAT(error_of(with("\x04\0\0\0\0\0\0\x80\x08\x04\x10\0\0\0\0\0"sv)),
              HasSubstr("record at byte 16: a length with the wrong padding"));
  EXPECT_THAT(error_of(with("\x04\0\0\0\0\0\0\x04\x08\x04\x10\0\0\0\0\0"sv)),
              HasSubstr("wrong padding"));
  EXPECT_THAT(error_of(with("\x04\0\0\0\0\0\0\x84\x08\x06\x10\0\0\0\0\0"sv)),
              HasSubstr("unknown type 6"));
  EXPECT_THAT(error_of(with("\x04\0\0\0\0\0\0\x84\x08\x00\x10\0\0\0\0\0"sv)),
              HasSubstr("unknown type 0"));
  EXPECT_THAT(error_of(with("\x05\0\0\0\0\0\0\x83\x08\x04\x1a\x01\x41\0\0\0"sv)),
              HasSubstr("a checksum record with data"));
  EXPECT_THAT(error_of(with("\x08\0\0\0\0\0\0\0\x08\x04\x10\x80\x80\x80\x80\x10"sv)),
              HasSubstr("more than 32 bits"));
  EXPECT_THAT(error_of(with("\x04\0\0\0\0\0\0\x84\x0a\x04\x10\0\0\0\0\0"sv)),
              HasSubstr("cut short"));
  EXPECT_THAT(error_of(base::Bytes(golden_wal("3.5.30", 1)).subspan(16)),
              HasSubstr("the file begins with no checksum record"));
}

}  // namespace
}  // namespace lifeboat::etcd
