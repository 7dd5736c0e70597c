#include "node/node_files.h"

#include <algorithm>

#include "base/text.h"

namespace lifeboat::node {
namespace {

using base::cat;

constexpr std::uint64_t kFileMaxBytes = 1024 * 1024;

std::string shown(const os::HostTree& host, const std::string& path) {
  return base::printable(host.show(path), 1000);
}

}  // namespace

bool is_there(os::HostTree& host, const std::string& path) {
  try {
    return host.info(path, os::Links::kFollow).has_value();
  } catch (const base::Error&) {
    return true;
  }
}

std::string access_hint(std::string_view folder) {
  return cat("mount the node's ", folder.starts_with('/') ? "" : "/", folder,
             " below --host-root as well, or give --platform none with --endpoints, --cacert, "
             "--cert and --key");
}

std::optional<std::string> read_node_file(os::HostTree& host, const std::string& path) {
  return os::read_host_file(host, path, kFileMaxBytes);
}

std::string require_node_file(os::HostTree& host, const std::string& path, std::string_view what,
                              std::string_view folder) {
  return require_pem(host, {path}, what, folder).content;
}

NodePem require_pem(os::HostTree& host, const std::vector<std::string>& paths,
                    std::string_view what, std::string_view folder) {
  std::vector<std::string> tried;
  for (const std::string& path : paths) {
    auto content = read_node_file(host, path);
    if (content) return {.path = host.show(path), .content = std::move(*content)};
    tried.push_back(shown(host, path));
  }
  throw base::Error(base::Code::kNotFound,
                    cat("cannot find ", what, ": there is no ", base::join(tried, " and no ")),
                    access_hint(folder));
}

std::string host_of_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  if (url.starts_with('[')) return std::string(url.substr(0, url.find(']') + 1));
  return std::string(url.substr(0, url.find_first_of(":/")));
}

std::vector<std::string> without_repetitions(const std::vector<std::string>& endpoints) {
  std::vector<std::string> result;
  for (const std::string& endpoint : endpoints) {
    if (std::ranges::find(result, endpoint) == result.end()) result.push_back(endpoint);
  }
  return result;
}

}  // namespace lifeboat::node
