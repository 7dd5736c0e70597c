#include "manifests/storage.h"

#include "base/text.h"
#include "manifests/namespace.h"

namespace lifeboat::manifests {
namespace {

using base::cat;
using base::Json;

constexpr const char* kAboutVolume =
    "The backups. Nothing here ever deletes this claim but somebody who names it, or its "
    "namespace. Whether the volume itself outlives its claim is up to the storage class: reclaim "
    "policy Retain keeps it.";

// The lines of lifeboat.yaml, in the order in which somebody would explain them.
class ConfigText {
 public:
  ConfigText& add(std::string_view name, std::string_view value) {
    text_ += cat(name, ": ", yaml_scalar(value), "\n");
    return *this;
  }

  // A setting that is off, or that has no value, needs no line.
  ConfigText& add_if_any(std::string_view name, std::string_view value) {
    return value.empty() ? *this : add(name, value);
  }

  ConfigText& add_list(std::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) return *this;
    text_ += cat(name, ":\n");
    for (const std::string& value : values) text_ += cat("  - ", yaml_scalar(value), "\n");
    return *this;
  }

  std::string text() const { return text_; }

 private:
  std::string text_;
};

// In a policy every cluster has its own; in the words of ACM's templates.
std::string cluster_name(const Plan& plan) {
  return plan.options.cluster.empty() ? R"({{ fromClusterClaim "name" }})" : plan.options.cluster;
}

// As `lifeboat backup` calls it; what is laid out like kubeadm is found by looking.
const char* platform_word(Platform platform) {
  switch (platform) {
    case Platform::kOpenShift:
      return "openshift";
    case Platform::kK3s:
      return "k3s";
    case Platform::kRke2:
      return "rke2";
    case Platform::kKubernetes:
      break;
  }
  return "auto";
}

void add_control_plane(const Plan& plan, ConfigText& config) {
  const Options& options = plan.options;
  config.add("host_root", "/host").add("platform", platform_word(options.platform));
  config.add("method", options.method);
  if (plan.on_openshift()) config.add("settled", options.settled);
  config.add_list("endpoints", options.endpoints);
}

void add_network(const Plan& plan, ConfigText& config) {
  config.add_list("endpoints", network_endpoints(plan));
  config.add("cacert", cat(kClientCaFolder, "/ca-bundle.crt"))
      .add("cert", cat(kClientFolder, "/tls.crt"))
      .add("key", cat(kClientFolder, "/tls.key"));
}

// As somebody would write it.
std::string written(std::chrono::seconds duration) {
  const auto count = duration.count();
  return count % 60 == 0 ? cat(count / 60, "m") : cat(count, "s");
}

void add_bucket(const Plan& plan, ConfigText& config) {
  const Options& options = plan.options;
  config.add_if_any("s3_endpoint", options.s3_endpoint).add_if_any("s3_region", options.s3_region);
  if (!options.s3_ca_configmap.empty()) {
    config.add("s3_cacert", cat(kBucketCaFolder, "/ca-bundle.crt"));
  }
  config.add("s3_credentials_dir", kBucketKeysFolder).add("scratch", kScratchFolder);
}

std::string config_text(const Plan& plan) {
  ConfigText config;
  config.add("vault", plan.options.vault).add("cluster", cluster_name(plan));
  if (plan.in_bucket()) add_bucket(plan, config);
  config.add_list("encrypt_to", plan.options.encrypt_to);
  if (plan.options.jitter) config.add("jitter", written(*plan.options.jitter));
  plan.in_network_mode() ? add_network(plan, config) : add_control_plane(plan, config);
  for (const auto& [name, value] : plan.options.settings) config.add_if_any(name, value);
  config.add("log_format", "json");
  return config.text();
}

}  // namespace

Objects storage_objects(const Plan& plan) {
  if (plan.in_bucket()) return {};
  const Options& options = plan.options;
  Object object{"volume.yaml",
                kAboutVolume,
                make_object(plan, "v1", "PersistentVolumeClaim", options.volume_claim,
                            options.namespace_name, kVolumeComponent),
                {},
                true};
  keep_forever(object.value);
  Json spec = map({{"accessModes", list({"ReadWriteOnce"})}});
  if (!options.storage_class.empty()) spec.set("storageClassName", options.storage_class);
  spec.set("resources", map({{"requests", map({{"storage", options.volume_size}})}}));
  object.value.set("spec", std::move(spec));
  return {std::move(object)};
}

Objects config_objects(const Plan& plan) {
  Object object{"config.yaml",
                "Every setting of \"lifeboat backup\" may stand here: docs/CONFIGURATION.md.",
                make_object(plan, "v1", "ConfigMap", kBackupName, plan.options.namespace_name,
                            kBackupComponent),
                {}};
  object.value.set("data", map({{"lifeboat.yaml", config_text(plan)}}));
  return {std::move(object)};
}

std::vector<std::string> network_endpoints(const Plan& plan) {
  if (!plan.options.endpoints.empty() || !plan.on_openshift()) return plan.options.endpoints;
  return {"https://etcd.openshift-etcd.svc:2379"};
}

}  // namespace lifeboat::manifests
