#include "etcd/key_value.h"

#include <gtest/gtest.h>

#include <array>

#include "base/error.h"
#include "etcd/wire.h"

namespace lifeboat::etcd {
namespace {

using base::as_bytes;
using base::as_text;

base::Buffer from_hex(std::string_view text) {
  base::Buffer bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

TEST(RevisionKey, ReadsWhatEtcdWrote) {
  // A delete at 352.2 of a real 3.5.
  const auto key = decode_revision_key(from_hex("00000000000001605f000000000000000274"));
  EXPECT_EQ(key.revision.text(), "352.2");
  EXPECT_TRUE(key.tombstone);
  EXPECT_FALSE(decode_revision_key(from_hex("00000000000001605f0000000000000002")).tombstone);
}

TEST(RevisionKey, SurvivesARoundTripAndKeepsItsOrder) {
  base::Buffer before;
  for (const std::int64_t main : {0L, 1L, 255L, 256L, 1L << 40, kRevisionLimit - 1}) {
    for (const std::int64_t sub : {0L, 1L, 1L << 33}) {
      for (const bool tombstone : {false, true}) {
        const base::Buffer bytes = encode_revision_key({{main, sub}, tombstone});
        const RevisionKey read = decode_revision_key(bytes);
        EXPECT_EQ(read.revision, (Revision{main, sub}));
        EXPECT_EQ(read.tombstone, tombstone);
        EXPECT_LT(before, bytes);
        before = bytes;
      }
    }
  }
}

TEST(RevisionKey, RefusesEverythingElse) {
  for (const char* text : {
           "", "00", "00000000000001605f00000000000000",  // short
           "00000000000001605f00000000000000027474",      // long
           "00000000000001605e0000000000000002",          // another separator
           "00000000000001605f000000000000000275",        // another mark
           "80000000000001605f0000000000000002",          // negative main
           "01000000000001605f0000000000000002",          // a main beyond reach
           "00000000000001605f8000000000000002",          // negative sub
       }) {
    EXPECT_THROW(decode_revision_key(from_hex(text)), base::Error) << text;
  }
}

TEST(KeyValue, ReadsWhatEtcdWrote) {
  // The record at 5.0 of a real 3.5: a binary value and a lease.
  const base::Buffer bytes = from_hex(
      "0a066c6561736564100518052001"
      "2a0300ff80"
      "30e907");
  const KeyValue record = decode_key_value(bytes);
  EXPECT_EQ(as_text(record.key), "leased");
  EXPECT_EQ(record.create_revision, 5);
  EXPECT_EQ(record.mod_revision, 5);
  EXPECT_EQ(record.version, 1);
  EXPECT_EQ(base::to_hex(record.value), "00ff80");
  EXPECT_EQ(record.lease, 1001);
}

TEST(KeyValue, ReadsNegativeLeasesAndSkipsUnknownFields) {
  const base::Buffer bytes = from_hex(
      "0a016130ffffffffffffffffff01"
      "50015a02abcd65aabbccdd690011223344556677");
  const KeyValue record = decode_key_value(bytes);
  EXPECT_EQ(record.lease, -1);
  EXPECT_EQ(as_text(record.key), "a");
}

TEST(KeyValue, RefusesBrokenMessages) {
  for (const char* text : {
           "0a", "0a05", "0a0561", "08", "10",  // cut short
           "10ffffffffffffffffff02",            // 65 bits
           "10ffffffffffffffffffffff01",        // without end
           "0001", "0b", "0c", "0e", "0f",      // field 0, groups, unknown types
           "0801", "1201aa", "2801",            // known fields of the wrong type
           "0affffffffffffffffff01",            // a length of 2^64 - 1
       }) {
    EXPECT_THROW(decode_key_value(from_hex(text)), base::Error) << text;
  }
}

TEST(Lease, ReadsWhatEtcdWrote) {
  const Lease lease = decode_lease(from_hex("08c0c40710a038"));
  EXPECT_EQ(lease.id, 123456);
  EXPECT_EQ(lease.ttl_seconds, 7200);
  EXPECT_EQ(lease.remaining_ttl_seconds, 0);
}

}  // namespace
}  // namespace lifeboat::etcd
