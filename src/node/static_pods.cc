#include "node/static_pods.h"

#include <algorithm>
#include <array>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "node/archive_files.h"
#include "node/host_walk.h"
#include "node/node_files.h"
#include "node/tar_writer.h"
#include "os/paths.h"

namespace lifeboat::node {
namespace {

using base::cat;
using base::Code;
using base::Error;
using os::FileType;

constexpr std::string_view kEtcd = "etcd";
constexpr std::array<std::string_view, 4> kOpenShiftPods = {
    kEtcd, "kube-apiserver", "kube-controller-manager", "kube-scheduler"};
constexpr std::array<std::string_view, 3> kKubeadmPods = {
    "kube-apiserver", "kube-controller-manager", "kube-scheduler"};
constexpr const char* kKubernetesFolder = "etc/kubernetes";
constexpr const char* kResourcesFolder = "static-pod-resources";
// Of OpenShift 4.1 to 4.3, whose etcd has no revisions.
constexpr const char* kOldEtcdManifest = "manifests/etcd-member.yaml";
constexpr const char* kOldEtcdFolder = "static-pod-resources/etcd-member";

constexpr std::uint64_t kManifestBytesMax = 1024 * 1024;
constexpr std::size_t kRevisionDigitsMax = 10;
constexpr int kLinksMax = 8;  // one after the other

// What a header has in front of an archived file, and what fills up its last block.
constexpr std::uint64_t kEntryBytes = 1024;

std::string manifest_of(std::string_view pod) { return cat("manifests/", pod, "-pod.yaml"); }

// "a//b/./c/../d" gives "a/b/d"; nullopt if it leads out of where it begins.
std::optional<std::string> tidy_path(std::string_view path) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.emplace_back(part);
    } else if (parts.empty()) {
      return std::nullopt;
    } else {
      parts.pop_back();
    }
  }
  return base::join(parts, "/");
}

// The revision's folder that the manifest names first; nullopt if it names none. The manifest is
// text here, as it is to the scripts of OpenShift, so that the two can't disagree about YAML.
std::optional<std::string> find_revision(std::string_view manifest, std::string_view pod) {
  const std::string folder = cat(kResourcesFolder, "/", pod, "-pod-");
  const std::string wanted = cat("/", kKubernetesFolder, "/", folder);
  for (std::size_t at = manifest.find(wanted); at != std::string_view::npos;
       at = manifest.find(wanted, at + 1)) {
    const std::string_view rest = manifest.substr(at + wanted.size());
    const std::string_view digits =
        rest.substr(0, std::min(rest.find_first_not_of("0123456789"), rest.size()));
    if (digits.size() > kRevisionDigitsMax) return std::nullopt;
    if (!digits.empty()) return cat(folder, digits);
  }
  return std::nullopt;
}

class Selector {
 public:
  Selector(os::HostTree& host, std::string base) : host_(host) { pods_.base = std::move(base); }

  void select_openshift() {
    for (const std::string_view pod : kOpenShiftPods) {
      or_lack([&] { select_pod(pod); });
    }
  }

  void select(const std::string& path) {
    or_lack([&] { follow(path); });
  }

  StaticPods take() {
    auto& paths = pods_.paths;
    std::ranges::sort(paths);
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
    const std::vector<std::string> all = paths;
    std::erase_if(paths, [&](const std::string& path) {
      return std::ranges::any_of(
          all, [&](const auto& folder) { return path.starts_with(folder + "/"); });
    });
    return std::move(pods_);
  }

 private:
  // What can't be looked at, behind a loop of links for one, is lacking like what is not there.
  void or_lack(const std::function<void()>& step) {
    try {
      step();
    } catch (const Error& error) {
      if (error.code() == Code::kCancelled) throw;
      lack(error.what());
    }
  }

  void select_pod(std::string_view pod) {
    if (pod == kEtcd && has_old_etcd()) return follow(kOldEtcdFolder);
    select_revision(pod);
  }

  // What is a symbolic link is taken as one, and so is what it leads to: some installers keep the
  // certificates elsewhere and have a link at kubeadm's place.
  void follow(std::string path) {
    for (int links = 0; links <= kLinksMax; ++links) {
      const auto info = host_.info(on_node(path));
      if (!info) return lack(cat("there is no ", show(path)));
      pods_.paths.push_back(path);
      if (info->type != FileType::kSymlink) return;
      const auto target = target_of(path);
      if (!target) {
        return lack(cat(show(path), " leads out of ", base::printable(host_.show(pods_.base)),
                        ", where nothing is archived"));
      }
      path = *target;
    }
    lack(cat("more than ", kLinksMax, " symbolic links lead to ", show(path)));
  }

  void select_revision(std::string_view pod) {
    const std::string manifest_path = manifest_of(pod);
    const auto manifest = os::read_host_file(host_, on_node(manifest_path), kManifestBytesMax);
    if (!manifest) return lack(cat("there is no ", show(manifest_path)));
    const auto folder = find_revision(*manifest, pod);
    if (!folder) return lack(cat(show(manifest_path), " names no revision of ", pod));
    const auto info = host_.info(on_node(*folder));
    if (info && info->type == FileType::kDirectory) {
      pods_.paths.push_back(*folder);
    } else {
      lack(cat(show(manifest_path), " names ", show(*folder), ", and there is no such folder"));
    }
  }

  bool has_old_etcd() {
    return host_.info(on_node(kOldEtcdManifest)) && !host_.info(on_node(manifest_of(kEtcd)));
  }

  // Where the link at `path` leads to, below the base; nullopt if that is elsewhere.
  std::optional<std::string> target_of(const std::string& path) {
    const std::string text = host_.read_link(on_node(path));
    const auto target = tidy_path(
        text.starts_with('/') ? text : os::join_path(os::parent_path(on_node(path)), text));
    const std::string folder = pods_.base + "/";
    if (!target || !target->starts_with(folder)) return std::nullopt;
    return target->substr(folder.size());
  }

  void lack(const std::string& what) {
    pods_.problems.push_back(cat("the static pod resources are not whole: ", what));
  }

  std::string on_node(const std::string& path) const { return os::join_path(pods_.base, path); }
  std::string show(const std::string& path) const {
    return base::printable(host_.show(on_node(path)), 1000);
  }

  os::HostTree& host_;
  StaticPods pods_;
};

// Those that the kubelet could not do without on a node of kubeadm. While one is exchanged for
// another it may be away for a moment.
void name_missing_manifests(os::HostTree& host, StaticPods& pods) {
  if (!is_there(host, os::join_path(kKubernetesFolder, "manifests"))) return;  // named already
  std::vector<std::string_view> names(kKubeadmPods.begin(), kKubeadmPods.end());
  // With an etcd elsewhere there is no pod of it, and no certificate for it to serve with.
  if (pods.files.contains("pki/etcd/server.crt")) names.push_back(kEtcd);
  for (const std::string_view name : names) {
    const std::string path = cat(kKubernetesFolder, "/manifests/", name, ".yaml");
    if (is_there(host, path)) continue;
    pods.problems.push_back(cat("the static pod resources are not whole: there is no ",
                                base::printable(host.show(path), 1000)));
  }
}

StaticPods select_all(Selector selector, std::initializer_list<const char*> paths) {
  for (const char* path : paths) selector.select(path);
  return selector.take();
}

StaticPods select_paths(os::HostTree& host, Platform platform) {
  switch (platform) {
    case Platform::kNone:
      break;
    case Platform::kOpenShift: {
      Selector selector(host, kKubernetesFolder);
      selector.select_openshift();
      return selector.take();
    }
    case Platform::kKubeadm:
      return select_all({host, kKubernetesFolder}, {"manifests", "pki"});
    case Platform::kK3s:
      return select_all({host, "var/lib/rancher/k3s/server"}, {"cred", "tls", "token"});
    case Platform::kRke2:
      return select_all({host, "var/lib/rancher/rke2/server"}, {"cred", "tls", "token"});
  }
  return {};
}

}  // namespace

StaticPods find_static_pods(os::HostTree& host, Platform platform,
                            const std::vector<os::FileId>& vaults, std::stop_token stop) {
  StaticPods pods = select_paths(host, platform);
  pods.vaults = vaults;
  walk_host(host,
            {.base = pods.base,
             .paths = pods.paths,
             .vaults = pods.vaults,
             .visit =
                 [&](const std::string& path, const os::HostFileInfo& info) {
                   pods.files[path] = info.type == FileType::kFile ? info.size_bytes : 0;
                 },
             // Told once it is archived, should it still be so.
             .report = [](const std::string&, const std::string&) {}},
            stop);
  if (platform == Platform::kKubeadm) name_missing_manifests(host, pods);
  return pods;
}

std::uint64_t estimate_size_bytes(const StaticPods& pods) {
  std::uint64_t size_bytes = 0;
  for (const auto& [path, file_bytes] : pods.files) {
    size_bytes += kEntryBytes;
    if (file_bytes <= kArchivedFileBytesMax) size_bytes += file_bytes;
  }
  return size_bytes;
}

ArchivedPods archive_static_pods(os::HostTree& host, const StaticPods& pods, base::Sink& sink,
                                 base::Progress& progress, std::stop_token stop) {
  TarWriter tar(sink, Compression::kGzip);
  FileSelection selection{
      .base = pods.base, .paths = pods.paths, .left_out = pods.left_out, .vaults = pods.vaults};
  for (const auto& [path, size_bytes] : pods.files) selection.expected.insert(path);
  ArchivedFiles files = archive_files(host, selection, tar, progress, stop);
  tar.finish();
  return {.entries = files.entries, .problems = std::move(files.problems)};
}

}  // namespace lifeboat::node
