// One Kubernetes object on its way into a file, and what all of them have in common.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "manifests/options.h"
#include "manifests/yaml_writer.h"

namespace lifeboat::manifests {

// A value with comments on its parts.
struct Commented {
  base::Json value;
  Comments comments;
};

struct Object {
  std::string file;   // that it belongs into, such as "cronjob.yaml"
  std::string about;  // a comment above it; may be empty
  base::Json value;
  Comments comments;
  bool keep = false;  // stays when everything else is removed
};

using Objects = std::vector<Object>;

// What objects are made from: the options, complete, and what follows from them. In a policy some
// of the texts are templates.
struct Plan {
  Options options;
  std::string alert_after_seconds;

  bool on_openshift() const { return options.platform == Platform::kOpenShift; }
  // Their control plane's files lie below /var/lib/rancher.
  bool on_k3s_or_rke2() const {
    return options.platform == Platform::kK3s || options.platform == Platform::kRke2;
  }
  // The vault is in a bucket; there is no volume.
  bool in_bucket() const { return is_in_bucket(options); }
  bool in_network_mode() const { return options.mode == Mode::kNetwork; }
  // The node's own script takes the backup, or may.
  bool uses_script() const { return options.method != "native"; }
  // OpenShift's client certificate is brought over from the namespace of etcd.
  bool copies_client() const {
    return in_network_mode() && on_openshift() && options.etcd_secret.empty();
  }
  // Where k3s or RKE2 has these files, on the node.
  std::string server_folder() const;
  std::string client_secret() const;
  std::string client_ca_configmap() const;
};

// Throws as `complete` does.
Plan make_plan(const Options& options);

// What the CronJob and most of what belongs to it is called.
inline constexpr const char* kBackupName = "etcd-backup";
inline constexpr const char* kInspectName = "etcd-backup-inspect";
inline constexpr const char* kCopyName = "etcd-client-copy";

// Values of the label app.kubernetes.io/component.
inline constexpr const char* kBackupComponent = "backup";
inline constexpr const char* kInspectComponent = "inspect";
inline constexpr const char* kCopyComponent = "etcd-client";
inline constexpr const char* kVolumeComponent = "volume";

base::Json map(std::initializer_list<base::Json::Member> members);
base::Json list(std::initializer_list<base::Json> elements);

// The labels of an object of this component, the user's own included.
base::Json labels(const Plan& plan, std::string_view component);
// What selects the pods of this component.
base::Json selector(std::string_view component);

// An object's beginning; more is `set` on it. `namespace_name` is empty for one of the cluster.
base::Json make_object(const Plan& plan, std::string_view api_version, std::string_view kind,
                       std::string_view name, std::string_view namespace_name,
                       std::string_view component);
// Adds to the annotations that are there.
void annotate(base::Json& object, std::string_view key, std::string_view value);

}  // namespace lifeboat::manifests
