#include "etcd/raft_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "etcd/wire.h"

namespace lifeboat::etcd {
namespace {

using base::as_bytes;

TEST(RaftMessages, WriteTheirZeros) {
  EXPECT_EQ(base::to_hex(encode_entry({})), "080010001800");
  EXPECT_EQ(base::to_hex(encode_hard_state({})), "080010001800");
  EXPECT_EQ(base::to_hex(encode_conf_state({})), "2800");
  EXPECT_EQ(base::to_hex(encode_conf_change({})), "080010001800");
}

TEST(RaftMessages, SurviveARoundTrip) {
  const Entry entry{EntryType::kConfChangeV2, 7, UINT64_MAX, as_bytes("data")};
  EXPECT_EQ(decode_entry(encode_entry(entry)).index, UINT64_MAX);
  const base::Buffer entry_bytes = encode_entry(entry);
  EXPECT_EQ(decode_entry(entry_bytes), entry);
  const HardState state{1, 2, 3};
  EXPECT_EQ(decode_hard_state(encode_hard_state(state)), state);
  const ConfState conf_state{{1, UINT64_MAX}, {2, 3}, {4}, {5}, true};
  EXPECT_EQ(decode_conf_state(encode_conf_state(conf_state)), conf_state);
  const ConfChange change{9, ConfChangeType::kAddLearnerNode, 10, as_bytes("{}")};
  const base::Buffer change_bytes = encode_conf_change(change);
  EXPECT_EQ(decode_conf_change(change_bytes), change);
}

TEST(RaftMessages, AreReadInAnyOrderWithWhatIsUnknown) {
  const base::Buffer bytes =
      WireWriter().varint(5, 1).bytes(9, as_bytes("new")).varint(1, 8).varint(1, 9).take();
  const ConfState state = decode_conf_state(bytes);
  EXPECT_THAT(state.voters, ::testing::ElementsAre(8, 9));
  EXPECT_TRUE(state.auto_leave);
  EXPECT_EQ(decode_hard_state({}), HardState());
}

TEST(RaftMessages, AreRefusedWithWrongTypesAndUnknownKinds) {
  const base::Buffer text = WireWriter().bytes(1, as_bytes("x")).take();
  EXPECT_THROW(decode_entry(text), base::Error);
  EXPECT_THROW(decode_hard_state(text), base::Error);
  EXPECT_THROW(decode_conf_state(text), base::Error);
  EXPECT_THROW(decode_conf_change(text), base::Error);
  EXPECT_THROW(decode_entry(WireWriter().varint(4, 1).take()), base::Error);
  EXPECT_THROW(decode_entry(WireWriter().varint(1, 3).take()), base::Error);
  EXPECT_THROW(decode_conf_change(WireWriter().varint(2, 4).take()), base::Error);
  EXPECT_THROW(decode_conf_change(WireWriter().varint(4, 4).take()), base::Error);
}

}  // namespace
}  // namespace lifeboat::etcd
