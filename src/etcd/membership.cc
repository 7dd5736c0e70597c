#include "etcd/membership.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/hash.h"
#include "base/integers.h"
#include "base/text.h"
#include "etcd/go_json.h"
#include "etcd/peer_url.h"

namespace lifeboat::etcd {
namespace {

using base::cat;

[[noreturn]] void refuse(const std::string& why) {
  throw base::Error(base::Code::kInvalid, cat("bad initial cluster: ", why),
                    "it looks like m1=https://10.0.0.5:2380,m2=https://10.0.0.6:2380");
}

// The first eight bytes of a SHA-1 as a number.
std::uint64_t hash_id(base::Bytes bytes) {
  const base::Sha1Digest digest = base::sha1(bytes);
  base::be64 id;
  std::memcpy(&id, digest.data(), sizeof(id));
  return id;
}

std::string parse_name(std::string_view part) {
  const auto equals = part.find('=');
  if (equals == part.npos) refuse(cat("'", base::printable(part), "' has no name"));
  std::string_view name = part.substr(0, equals);
  while (name.ends_with(' ')) name.remove_suffix(1);
  if (name.empty()) refuse(cat("'", base::printable(part), "' has an empty name"));
  // etcd takes any bytes; but control characters can only have come in by mistake.
  if (base::printable(name, name.size()) != name) {
    refuse(cat("the name '", base::printable(name), "' has characters that are not printable"));
  }
  return std::string(name);
}

void add_url(std::vector<RestoredMember>& members, const std::string& name, std::string url) {
  for (const RestoredMember& member : members) {
    if (std::ranges::count(member.peer_urls, url) > 0) {
      refuse(cat("the URL ", url, " stands there twice"));
    }
  }
  auto member = std::ranges::find(members, name, &RestoredMember::name);
  if (member == members.end()) {
    if (members.size() == kMembersMax) refuse(cat("more than ", kMembersMax, " members"));
    members.push_back({0, name, {}});
    member = members.end() - 1;
  }
  member->peer_urls.push_back(std::move(url));
}

std::vector<RestoredMember> parse_members(std::string_view text) {
  std::vector<RestoredMember> members;
  for (const std::string& part : base::split(text, ',')) {
    const std::string name = parse_name(part);
    add_url(members, name, parse_peer_url(std::string_view(part).substr(part.find('=') + 1)));
  }
  if (members.empty()) refuse("it names no member");
  return members;
}

void check_ids(const std::vector<RestoredMember>& members) {
  const auto same = std::ranges::adjacent_find(members, {}, &RestoredMember::id);
  if (same != members.end()) {
    refuse(cat("the members ", same->name, " and ", (same + 1)->name, " get the same id"));
  }
  // To raft, 0 is nobody.
  if (members.front().id == 0) refuse(cat("the member ", members.front().name, " gets the id 0"));
}

}  // namespace

ConfState RestoredCluster::conf_state() const {
  ConfState state;
  for (const RestoredMember& member : members) state.voters.push_back(member.id);
  return state;
}

RestoredCluster restored_cluster(const InitialCluster& initial) {
  RestoredCluster cluster;
  cluster.members = parse_members(initial.members);
  for (RestoredMember& member : cluster.members) {
    std::ranges::sort(member.peer_urls);
    member.id = member_id(member.peer_urls, initial.token);
  }
  std::ranges::sort(cluster.members, {}, &RestoredMember::id);
  check_ids(cluster.members);
  cluster.id = cluster_id(cluster.conf_state().voters);
  return cluster;
}

const RestoredMember& member_by_name(const RestoredCluster& cluster, std::string_view name) {
  const auto found = std::ranges::find(cluster.members, name, &RestoredMember::name);
  if (found != cluster.members.end()) return *found;
  std::vector<std::string> names;
  for (const RestoredMember& member : cluster.members) names.push_back(member.name);
  std::ranges::sort(names);
  throw base::Error(
      base::Code::kInvalid, cat("the initial cluster has no member '", base::printable(name), "'"),
      cat("give --name and --initial-cluster so that one is in the other; the members are ",
          base::printable(base::join(names, ", "))));
}

void check_advertised_urls(const RestoredMember& member, std::string_view advertised) {
  const std::vector<std::string> urls = parse_peer_urls(advertised);
  if (urls == member.peer_urls) return;
  throw base::Error(
      base::Code::kInvalid,
      cat("the peer URLs that ", member.name, " advertises are ", base::join(urls, ","),
          ", but the initial cluster says ", base::join(member.peer_urls, ",")),
      "give --initial-advertise-peer-urls as --initial-cluster has them; they are compared as "
      "written, names are not resolved");
}

std::uint64_t member_id(std::vector<std::string> peer_urls, std::string_view token) {
  std::ranges::sort(peer_urls);
  const std::string text = cat(base::join(peer_urls, ""), token);
  return hash_id(base::as_bytes(text));
}

std::uint64_t cluster_id(const std::vector<std::uint64_t>& member_ids) {
  base::Buffer bytes;
  for (const std::uint64_t id : member_ids) {
    const base::be64 word = id;
    const std::size_t size = bytes.size();
    bytes.resize(size + sizeof(word));
    std::memcpy(bytes.data() + size, &word, sizeof(word));
  }
  return hash_id(bytes);
}

std::string member_json(const RestoredMember& member) {
  return cat("{\"id\":", member.id, ",\"peerURLs\":", go_json_texts(member.peer_urls),
             ",\"name\":", go_json_text(member.name), "}");
}

}  // namespace lifeboat::etcd
