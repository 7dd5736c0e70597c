#include "backup/node_files.h"

#include <algorithm>
#include <utility>

#include "backup/progress_piece.h"
#include "backup/store_file.h"
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "node/archive_files.h"
#include "os/paths.h"
#include "vault/catalog.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;

constexpr const char* kRevisionPath = "var/lib/etcd/revision.json";
constexpr std::uint64_t kRevisionBytesMax = 1024 * 1024;

// No manifest, certificate or key is larger. Of what is, no more than this many files are given up
// one by one.
constexpr std::uint64_t kLargeBytes = 1024 * 1024;
constexpr std::size_t kGivenUpMax = 20;

}  // namespace

NodeFiles::NodeFiles(const NodeContext& context, vault::Encoding encoding, std::stop_token stop)
    : context_(context),
      encoding_(std::move(encoding)),
      stop_(std::move(stop)),
      pods_(node::find_static_pods(context.tree, context.platform, context.vaults, stop_)),
      warnings_(pods_.problems) {}

bool NodeFiles::give_up_some() {
  if (pods_.paths.empty()) return false;
  const auto size_of = [](const auto& file) {
    return file.second <= node::kArchivedFileBytesMax ? file.second : 0;
  };
  const auto largest = std::ranges::max_element(pods_.files, {}, size_of);
  const bool one_by_one = largest != pods_.files.end() && size_of(*largest) > kLargeBytes;
  if (one_by_one && given_up_.size() < kGivenUpMax) {
    const auto& [path, size_bytes] = *largest;
    const std::string shown = context_.tree.show(os::join_path(pods_.base, path));
    given_up_.push_back(cat("not in the archive: ", base::printable(shown, 1000), " has ",
                            base::format_size(size_bytes),
                            ", for which there is no room in the vault"));
    pods_.left_out.insert(path);
    pods_.files.erase(largest);
    return true;
  }
  given_up_ = {cat("the static pod resources are not in the backup: there is no room in the vault ",
                   "for their ", base::format_size(estimated_bytes()))};
  pods_.files.clear();
  pods_.paths.clear();
  return true;
}

std::optional<vault::CatalogFile> NodeFiles::store_static_pods(vault::ClusterVault& vault,
                                                               const vault::BackupId& id,
                                                               vault::Mark mark,
                                                               base::Progress& progress) {
  std::ranges::move(std::exchange(given_up_, {}), std::back_inserter(warnings_));
  if (pods_.paths.empty()) return std::nullopt;
  const ProgressPiece piece(progress, "static pods", estimated_bytes());
  node::ArchivedPods archived;
  const auto write = [&](base::Sink& sink) {
    archived = node::archive_static_pods(context_.tree, pods_, sink, progress, stop_);
  };
  std::optional<vault::CatalogFile> file;
  try {
    file = store_file(vault, id,
                      {.role = vault::kRoleStaticPods,
                       .name = vault::static_pods_file_name(id, mark),
                       .encoding = encoding_},
                      write);
  } catch (const Error& error) {
    if (error.code() != Code::kNoSpace) throw;
    warnings_.push_back(cat("the static pod resources are not in the backup: ", error.what()));
    return std::nullopt;
  }
  std::ranges::move(archived.problems, std::back_inserter(warnings_));
  look_again();
  return file;
}

// The snapshot is stored by now: what goes wrong here is told, and costs nothing.
void NodeFiles::look_again() {
  try {
    const node::StaticPods after =
        node::find_static_pods(context_.tree, context_.platform, context_.vaults, stop_);
    if (after.paths == pods_.paths && after.problems == pods_.problems) return;
    warnings_.emplace_back(
        "the static pods of the control plane changed while they were read: the archive holds "
        "those from before");
  } catch (const Error& error) {
    if (error.code() == Code::kCancelled) throw;
    warnings_.push_back(cat("the static pods could not be looked at again: ", error.what()));
  }
}

std::optional<vault::CatalogFile> NodeFiles::store_revision(vault::ClusterVault& vault,
                                                            const vault::BackupId& id) {
  std::optional<std::string> content;
  try {
    content = os::read_host_file(context_.tree, kRevisionPath, kRevisionBytesMax);
  } catch (const Error& error) {
    if (error.code() == Code::kCancelled) throw;
    warnings_.push_back(cat("not in the backup: ", error.what()));
  }
  if (!content) return std::nullopt;
  return store_file(
      vault, id,
      {.role = vault::kRoleRevision, .name = vault::revision_file_name(id), .encoding = encoding_},
      [&](base::Sink& sink) { sink.write(base::as_bytes(*content)); });
}

}  // namespace lifeboat::backup
