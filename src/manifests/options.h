// What manifests are made from: everything that somebody may choose, checked before any of it is
// written.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lifeboat::manifests {

enum class Format { kKubernetes, kKustomize, kAcmPolicy };
// kKubernetes: of kubeadm, or laid out like it.
enum class Platform { kOpenShift, kKubernetes, kK3s, kRke2 };
// Where the backup runs: on a control plane node with its files, or anywhere with a client
// certificate.
enum class Mode { kControlPlane, kNetwork };
// kLegacy: the names and rights that some fleets already have.
enum class Rbac { kMinimal, kLegacy };

// Empty texts are filled in by `complete` where there is a default.
struct Options {
  Format format = Format::kKubernetes;
  Platform platform = Platform::kOpenShift;
  Mode mode = Mode::kControlPlane;
  Rbac rbac = Rbac::kMinimal;

  std::string cluster;  // empty in a policy: each cluster's own name
  std::string namespace_name;
  std::string service_account;
  std::string schedule = "0 */6 * * *";
  std::string time_zone = "Etc/UTC";

  // Where the volume is mounted; or "s3://bucket/prefix", and there is no volume.
  std::string vault = "/backups";
  std::string volume_size = "20Gi";
  std::string volume_claim = "etcd-backup";
  std::string storage_class;  // empty: the cluster's default

  std::string image;
  std::string image_pull_secret;
  std::string node_binary;  // empty: the image's own program
  // "requests.cpu" and the like; what is not named has its default.
  std::map<std::string, std::string> resources;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;

  std::string method = "native";           // native, auto, script
  std::string settled = "mark";            // require, mark, ignore
  std::chrono::seconds script_timeout{0};  // how long OpenShift's script may take
  // Further lines of lifeboat.yaml: retention.
  std::vector<std::pair<std::string, std::string>> settings{{"keep_last", "5"}};

  // Network mode.
  std::vector<std::string> endpoints;
  std::string etcd_secret;
  std::string etcd_ca_configmap;
  std::string copy_image;  // has `oc`

  // A bucket.
  std::string s3_secret;        // with the keys
  std::string s3_endpoint;      // a URL; empty: Amazon's own
  std::string s3_region;        // empty: what `lifeboat backup` takes
  std::string s3_ca_configmap;  // with ca-bundle.crt; empty: the image's own CAs
  std::string scratch_size;     // empty: as volume_size
  std::vector<std::string> encrypt_to;
  std::optional<std::chrono::seconds> jitter;  // none: ten minutes for a bucket

  bool alerts = false;
  std::string runbook_base;
  bool inspect_pod = false;
  std::string inspect_image;

  // Policies and overlays.
  std::string environment;
  std::string policy_namespace;
  std::string cluster_set;
};

bool is_in_bucket(const Options& options);

// The options with every default filled in. Throws kInvalid, naming the flag, for a value that
// can't be, for one that would be evaluated as a template by ACM, and for flags that contradict
// each other or would have no effect.
Options complete(Options options);

}  // namespace lifeboat::manifests
