#include "etcd/raft_snap.h"

#include <algorithm>
#include <vector>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/text.h"
#include "etcd/go_json.h"
#include "etcd/wire.h"

namespace lifeboat::etcd {
namespace {

using base::Bytes;
using base::cat;
using base::Code;
using base::Error;

[[noreturn]] void fail(const char* message) { throw Error(Code::kCorrupt, message); }

// The file is a message around a message, with the checksum of the inner one.
Bytes unwrap(Bytes file) {
  std::uint64_t crc = 0;
  Bytes snapshot;
  WireReader reader(file);
  while (const auto field = reader.next()) {
    if (field->number == 1) crc = varint_of(*field);
    if (field->number == 2) snapshot = bytes_of(*field);
  }
  // etcd calls both of them an empty snapshot.
  if (snapshot.empty()) fail("a raft snapshot without data");
  if (crc == 0) fail("a raft snapshot without a checksum");
  if (crc != base::crc32c(0, snapshot)) fail("the checksum of the raft snapshot does not match");
  return snapshot;
}

void decode_metadata(Bytes bytes, RaftSnap& snap) {
  WireReader reader(bytes);
  while (const auto field = reader.next()) {
    if (field->number == 1) snap.conf_state = decode_conf_state(bytes_of(*field));
    if (field->number == 2) snap.index = varint_of(*field);
    if (field->number == 3) snap.term = varint_of(*field);
  }
}

// ---- The v2 store

constexpr std::string_view kMembersPath = "/0/members";
// The store remembers so many events; etcd 3.4 to 3.6 write into the list by position, so that it
// must have all its places.
constexpr std::size_t kEventsMax = 1000;
static_assert(kMembersMax <= kEventsMax);

struct Node {
  std::string path;
  std::uint64_t index = 0;  // of the change that made it
  std::string value;
  std::string children;  // JSON: an object, or null in a leaf
};

std::string node_json(const Node& node) {
  return cat("{\"Path\":", go_json_text(node.path), ",\"CreatedIndex\":", node.index,
             ",\"ModifiedIndex\":", node.index, ",\"ExpireTime\":\"0001-01-01T00:00:00Z\"",
             ",\"Value\":", go_json_text(node.value), ",\"Children\":", node.children, "}");
}

// `children` are members of a JSON object.
std::string folder_json(std::string path, std::uint64_t index, std::string_view children) {
  return node_json({std::move(path), index, "", cat('{', children, '}')});
}

std::string member_path(const RestoredMember& member) {
  return cat(kMembersPath, '/', base::to_hex_id(member.id));
}

std::string attributes_path(const RestoredMember& member) {
  return member_path(member) + "/raftAttributes";
}

std::string attributes_json(const RestoredMember& member) {
  return cat("{\"peerURLs\":", go_json_texts(member.peer_urls), "}");
}

std::string member_node_json(const RestoredMember& member, std::uint64_t index) {
  const std::string leaf =
      node_json({attributes_path(member), index, attributes_json(member), "null"});
  return cat('"', base::to_hex_id(member.id),
             "\":", folder_json(member_path(member), index, cat("\"raftAttributes\":", leaf)));
}

std::string event_json(const RestoredMember& member, std::uint64_t index) {
  return cat("{\"action\":\"create\",\"node\":{\"key\":", go_json_text(attributes_path(member)),
             ",\"value\":", go_json_text(attributes_json(member)), ",\"modifiedIndex\":", index,
             ",\"createdIndex\":", index, "}}");
}

std::string root_json(const RestoredCluster& cluster) {
  std::vector<std::string> by_name;
  for (std::size_t i = 0; i < cluster.members.size(); ++i) {
    by_name.push_back(member_node_json(cluster.members[i], i + 1));
  }
  // Go sorts the names of an object, and an id in hexadecimal may be shorter than others.
  std::ranges::sort(by_name);
  const std::string members = folder_json(std::string(kMembersPath), 1, base::join(by_name, ","));
  const std::string cluster_node = folder_json("/0", 0, cat("\"members\":", members));
  return folder_json("/", 0, cat("\"0\":", cluster_node, ",\"1\":", folder_json("/1", 0, "")));
}

std::string history_json(const RestoredCluster& cluster) {
  const std::size_t count = cluster.members.size();
  std::vector<std::string> events;
  for (std::size_t i = 0; i < count; ++i) events.push_back(event_json(cluster.members[i], i + 1));
  events.resize(kEventsMax, "null");
  return cat("{\"EventHistory\":{\"Queue\":{\"Events\":[", base::join(events, ","),
             "],\"Size\":", count, ",\"Front\":0,\"Back\":", count % kEventsMax,
             ",\"Capacity\":", kEventsMax, "},\"StartIndex\":1,\"LastIndex\":", count, "}}");
}

std::string statistics_json(std::size_t created) {
  return cat(
      R"({"getsSuccess":0,"getsFail":0,"setsSuccess":0,"setsFail":0,"deleteSuccess":0,)",
      R"("deleteFail":0,"updateSuccess":0,"updateFail":0,"createSuccess":)", created,
      R"(,"createFail":0,"compareAndSwapSuccess":0,"compareAndSwapFail":0,)",
      R"("compareAndDeleteSuccess":0,"compareAndDeleteFail":0,"expireCount":0,"watchers":0})");
}

}  // namespace

base::Buffer encode_raft_snap(const RaftSnap& snap) {
  const base::Buffer metadata = WireWriter()
                                    .bytes(1, encode_conf_state(snap.conf_state))
                                    .varint(2, snap.index)
                                    .varint(3, snap.term)
                                    .take();
  const base::Buffer snapshot = WireWriter().bytes(1, snap.data).bytes(2, metadata).take();
  return WireWriter().varint(1, base::crc32c(0, snapshot)).bytes(2, snapshot).take();
}

RaftSnap decode_raft_snap(Bytes file) {
  RaftSnap snap;
  WireReader reader(unwrap(file));
  while (const auto field = reader.next()) {
    if (field->number == 1) snap.data = bytes_of(*field);
    if (field->number == 2) decode_metadata(bytes_of(*field), snap);
  }
  return snap;
}

std::string restored_store_json(const RestoredCluster& cluster) {
  const std::size_t count = cluster.members.size();
  return cat("{\"Root\":", root_json(cluster), ",\"WatcherHub\":", history_json(cluster),
             ",\"CurrentIndex\":", count, ",\"Stats\":", statistics_json(count),
             ",\"CurrentVersion\":2}");
}

base::Buffer restored_raft_snap(const RestoredCluster& cluster) {
  const std::string store = restored_store_json(cluster);
  return encode_raft_snap(
      {cluster.last_index(), RestoredCluster::kTerm, cluster.conf_state(), base::as_bytes(store)});
}

}  // namespace lifeboat::etcd
