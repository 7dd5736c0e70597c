#include "cli/restore_options.h"

#include <limits>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/owner.h"
#include "etcd/membership.h"
#include "os/paths.h"

namespace lifeboat::cli {
namespace {

using base::cat;
using base::Code;
using base::Error;

// Nullopt for "auto".
std::optional<std::int64_t> parse_bump(const std::string& text) {
  if (text == "auto") return std::nullopt;
  const auto amount = base::parse_whole_number(text);
  if (amount && *amount <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return static_cast<std::int64_t>(*amount);
  }
  throw Error(Code::kInvalid,
              cat("--bump-revision: ", in_quotes(text), " is neither auto nor a whole number"),
              "give auto, 0 for no bump, or how far the revision is to go up, such as 1000000000");
}

void check_mark_compacted(const RestoreFlags& flags, const std::optional<std::int64_t>& bump) {
  if (!flags.mark_compacted || bump != 0) return;
  throw Error(Code::kInvalid, "--mark-compacted does nothing with --bump-revision 0",
              "give both or none: revisions are marked as compacted when they are bumped");
}

// As etcdutl names it.
std::string data_dir_of(const RestoreFlags& flags) {
  return flags.data_dir.empty() ? flags.name + ".etcd" : flags.data_dir;
}

void check_all_members(const RestoreFlags& flags) {
  const auto refuse = [](std::string_view flag) {
    throw Error(Code::kInvalid, cat("--all-members and ", flag, " contradict each other"),
                "every member gets DIR/NAME as its data directory, and its URLs from "
                "--initial-cluster");
  };
  if (!flags.data_dir.empty()) refuse("--data-dir");
  if (!flags.wal_dir.empty()) refuse("--wal-dir");
  if (flags.name != RestoreFlags().name) refuse("--name");
  if (!flags.initial_advertise_peer_urls.empty()) refuse("--initial-advertise-peer-urls");
}

// As the folder of a member. A path would lead elsewhere.
void check_folder_name(const std::string& name) {
  if (name != "." && name != ".." && name.find('/') == std::string::npos) return;
  throw Error(Code::kInvalid, cat("--all-members: ", in_quotes(name), " can't be a folder's name"),
              "restore that member by itself, with --name and --data-dir");
}

std::vector<backup::RestoreMember> make_members(const RestoreFlags& flags,
                                                const etcd::InitialCluster& cluster,
                                                const std::optional<os::Owner>& owner) {
  if (flags.all_members.empty()) {
    return {{.name = flags.name,
             .target = {.data_dir = data_dir_of(flags),
                        .wal_dir = flags.wal_dir,
                        .replace = flags.replace,
                        .owner = owner}}};
  }
  check_all_members(flags);
  std::vector<backup::RestoreMember> members;
  for (const etcd::RestoredMember& member : etcd::restored_cluster(cluster).members) {
    check_folder_name(member.name);
    members.push_back({.name = member.name,
                       .target = {.data_dir = os::join_path(flags.all_members, member.name),
                                  .wal_dir = {},
                                  .replace = flags.replace,
                                  .owner = owner}});
  }
  return members;
}

}  // namespace

void declare_restore_flags(FlagTable& flags, RestoreFlags* target) {
  flags.group("Restore");
  flags.text("data-dir", "DIR", "the data directory to make; NAME.etcd if not given",
             &target->data_dir);
  flags.text("wal-dir", "DIR", "a folder of its own for the write-ahead log", &target->wal_dir);
  flags.text("name", "NAME", "which member of the initial cluster this is", &target->name);
  flags.text("initial-cluster", "NAME=URL,...", "the members of the new cluster",
             &target->initial_cluster);
  flags.text("initial-cluster-token", "TOKEN",
             "tells the new cluster from others with the same URLs",
             &target->initial_cluster_token);
  flags.text("initial-advertise-peer-urls", "URL,...",
             "the member's peer URLs, to be checked against the initial cluster",
             &target->initial_advertise_peer_urls);
  flags.text("all-members", "DIR", "make DIR/NAME for every member of the initial cluster",
             &target->all_members);
  flags.text("bump-revision", "auto|N",
             "how far revisions go up; auto: 1000000000 where there are Kubernetes objects, else 0",
             &target->bump_revision);
  flags.toggle("mark-compacted", "as etcdutl has it; a bump always marks older revisions compacted",
               &target->mark_compacted);
  flags.text("etcd-version", "3.x", "the etcd to be started; the snapshot's own if not given",
             &target->etcd_version);
  flags.toggle("replace", "keep what is there as member.before-TIME instead of refusing",
               &target->replace);
  flags.text("owner", "USER[:GROUP]", "whom the files are to belong to, such as etcd:etcd",
             &target->owner);
  flags.toggle("skip-hash-check", "take a snapshot without the SHA-256 at its end",
               &target->skip_hash_check);
  flags.toggle("force-corrupt", "with --skip-hash-check: bring back what a damaged one still holds",
               &target->force_corrupt);
}

backup::RestoreOptions make_restore_options(const RestoreFlags& flags, os::FileSystem& fs) {
  if (flags.force_corrupt && !flags.skip_hash_check) {
    throw Error(Code::kInvalid, "--force-corrupt needs --skip-hash-check as well",
                "give both only if no whole backup is left");
  }
  const auto bump = parse_bump(flags.bump_revision);
  check_mark_compacted(flags, bump);
  std::optional<os::Owner> owner;
  if (!flags.owner.empty()) owner = parse_owner(flags.owner, fs);
  backup::RestoreOptions options;
  options.initial_cluster = {.members = flags.initial_cluster,
                             .token = flags.initial_cluster_token};
  if (!flags.initial_advertise_peer_urls.empty()) {
    options.advertised_peer_urls = flags.initial_advertise_peer_urls;
  }
  options.members_folder = flags.all_members;
  options.members = make_members(flags, options.initial_cluster, owner);
  options.etcd_version = flags.etcd_version;
  options.bump_amount = bump;
  options.skip_hash_check = flags.skip_hash_check;
  options.force_corrupt = flags.force_corrupt;
  return options;
}

}  // namespace lifeboat::cli
