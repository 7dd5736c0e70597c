#include "etcd/raft_snap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "etcd/wire.h"
#include "testing/golden.h"

namespace lifeboat::etcd {
namespace {

using base::as_bytes;
using base::as_text;
using ::testing::HasSubstr;

RestoredCluster golden_cluster(int member_count) {
  std::string members = "m1=http://127.0.0.1:22380";
  if (member_count == 3) members += ",m2=http://127.0.0.1:22382,m3=http://127.0.0.1:22384";
  return restored_cluster({members, "restored"});
}

base::Buffer golden_snap(const std::string& version, int member_count) {
  return testing::read_golden(base::cat("data_dir/", version, "-r", member_count, ".snap"));
}

std::string error_of(base::Bytes file) {
  try {
    decode_raft_snap(file);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kCorrupt);
    return error.what();
  }
  return "no error";
}

// A file around `snapshot`, with the right checksum.
base::Buffer wrap(base::Bytes snapshot) {
  return WireWriter().varint(1, base::crc32c(0, snapshot)).bytes(2, snapshot).take();
}

TEST(RestoredRaftSnap, IsTheOneOfEtcdToTheByte) {
  for (const char* version : {"3.4.23", "3.5.30"}) {
    for (const int count : {1, 3}) {
      EXPECT_EQ(restored_raft_snap(golden_cluster(count)), golden_snap(version, count))
          << version << ", " << count;
    }
  }
}

// They number the members in random order and count a look-up; 3.7 leaves out a zero.
TEST(RestoredRaftSnap, HasTheMembersThatLaterVersionsWrite) {
  const base::Buffer ours = restored_raft_snap(golden_cluster(3));
  const RaftSnap own = decode_raft_snap(ours);
  for (const char* version : {"3.6.14", "3.7.1"}) {
    const base::Buffer file = golden_snap(version, 3);
    const RaftSnap theirs = decode_raft_snap(file);
    EXPECT_EQ(theirs.index, own.index);
    EXPECT_EQ(theirs.term, own.term);
    EXPECT_EQ(theirs.conf_state, own.conf_state);
    EXPECT_EQ(theirs.data.size(), own.data.size());
  }
}

TEST(RestoredStore, IsValidJsonWithAPlaceForEveryEvent) {
  const auto store = base::Json::parse(restored_store_json(golden_cluster(3)));
  const base::Json* queue = store.find("WatcherHub")->find("EventHistory")->find("Queue");
  EXPECT_EQ(queue->find("Events")->as_array()->size(), 1000u);
  EXPECT_EQ(queue->find("Back")->as_int(), 3);
  EXPECT_EQ(store.find("CurrentIndex")->as_int(), 3);
}

// 1 comes before 2 as a number, but 10 before 2 as a text: nodes stand by name, numbers go by id.
TEST(RestoredStore, OrdersNodesByNameAndNumbersThemById) {
  RestoredCluster cluster;
  cluster.members = {{0x2, "a", {"http://h:1"}}, {0x10, "b", {"http://h:2"}}};
  const auto store = base::Json::parse(restored_store_json(cluster));
  const base::Json* members =
      store.find("Root")->find("Children")->find("0")->find("Children")->find("members");
  const auto* children = members->find("Children")->as_object();
  ASSERT_EQ(children->size(), 2u);
  EXPECT_EQ(children->at(0).first, "10");
  EXPECT_EQ(children->at(0).second.find("CreatedIndex")->as_int(), 2);
  EXPECT_EQ(children->at(1).first, "2");
  EXPECT_EQ(children->at(1).second.find("CreatedIndex")->as_int(), 1);
}

TEST(RestoredStore, HoldsJsonWithinJson) {
  RestoredCluster cluster;
  cluster.members = {{1, "a", {"unix:///a&b"}}};
  EXPECT_THAT(restored_store_json(cluster),
              HasSubstr(R"("Value":"{\"peerURLs\":[\"unix:///a\\u0026b\"]}")"));
}

TEST(RaftSnap, SurvivesARoundTrip) {
  const RaftSnap snap{UINT64_MAX, 7, ConfState{{1, 2}, {3}, {4}, {5}, true}, as_bytes("{}")};
  const base::Buffer file = encode_raft_snap(snap);
  const RaftSnap read = decode_raft_snap(file);
  EXPECT_EQ(read.index, snap.index);
  EXPECT_EQ(read.term, snap.term);
  EXPECT_EQ(read.conf_state, snap.conf_state);
  EXPECT_EQ(as_text(read.data), "{}");
}

TEST(RaftSnap, IsRefusedWhenItsChecksumIsWrongOrMissing) {
  const base::Buffer inner = WireWriter().bytes(1, as_bytes("{}")).take();
  EXPECT_THAT(error_of({}), HasSubstr("without data"));
  EXPECT_THAT(error_of(WireWriter().varint(1, 5).bytes(2, {}).take()), HasSubstr("without data"));
  EXPECT_THAT(error_of(WireWriter().bytes(2, inner).take()), HasSubstr("without a checksum"));
  EXPECT_THAT(error_of(WireWriter().varint(1, 5).bytes(2, inner).take()),
              HasSubstr("does not match"));
  const std::uint64_t crc = base::crc32c(0, inner);
  EXPECT_THAT(error_of(WireWriter().varint(1, crc | 1ULL << 32).bytes(2, inner).take()),
              HasSubstr("does not match"));
}

TEST(RaftSnap, IsRefusedWhenItsMessagesAreBroken) {
  EXPECT_EQ(error_of(wrap(WireWriter().bytes(1, as_bytes("{}")).take())), "no error");
  EXPECT_THAT(error_of(wrap(WireWriter().varint(1, 5).take())), HasSubstr("wrong type"));
  EXPECT_THAT(error_of(wrap(WireWriter().bytes(2, as_bytes("\x08")).take())),
              HasSubstr("cut short"));
  const base::Buffer file = golden_snap("3.5.30", 1);
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_NE(error_of(base::Bytes(file).first(size)), "no error") << size;
  }
}

TEST(RaftSnap, SeesFlippedBits) {
  const base::Buffer file = golden_snap("3.5.30", 1);
  for (std::size_t position = 0; position < file.size(); position += position < 100 ? 1 : 13) {
    base::Buffer damaged = file;
    damaged[position] ^= 0x04;
    EXPECT_NE(error_of(damaged), "no error") << position;
  }
}

}  // namespace
}  // namespace lifeboat::etcd
