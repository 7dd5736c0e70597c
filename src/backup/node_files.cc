#include "backup/node_files.h"

#include <algorithm>
#include <utility>

#include "backup/progress_piece.h"
#include "backup/store_file.h"
#include "base/error.h"
#include "base/text.h"
#include "vault/catalog.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;

constexpr const char* kRevisionPath = "var/lib/etcd/revision.json";
constexpr std::uint64_t kRevisionBytesMax = 1024 * 1024;

}  // namespace

NodeFiles::NodeFiles(const NodeContext& context, std::stop_token stop)
    : context_(context),
      stop_(std::move(stop)),
      pods_(node::find_static_pods(context.tree, context.platform, stop_)),
      warnings_(pods_.problems) {}

std::optional<vault::CatalogFile> NodeFiles::store_static_pods(vault::ClusterVault& vault,
                                                               const vault::BackupId& id,
                                                               vault::Mark mark,
                                                               base::Progress& progress) {
  if (pods_.paths.empty()) return std::nullopt;
  const ProgressPiece piece(progress, "static pods", estimated_bytes());
  node::ArchivedPods archived;
  const auto write = [&](base::Sink& sink) {
    archived = node::archive_static_pods(context_.tree, pods_, sink, progress, stop_);
  };
  vault::CatalogFile file = store_file(
      vault, id, {.role = vault::kRoleStaticPods, .name = vault::static_pods_file_name(id, mark)},
      write);
  std::ranges::move(archived.problems, std::back_inserter(warnings_));
  look_again();
  return file;
}

// The snapshot is stored by now: what goes wrong here is told, and costs nothing.
void NodeFiles::look_again() {
  try {
    const node::StaticPods after = node::find_static_pods(context_.tree, context_.platform, stop_);
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
  return store_file(vault, id,
                    {.role = vault::kRoleRevision, .name = vault::revision_file_name(id)},
                    [&](base::Sink& sink) { sink.write(base::as_bytes(*content)); });
}

}  // namespace lifeboat::backup
