#include "manifests/pod.h"

#include "base/text.h"
#include "manifests/constraints.h"
#include "manifests/storage.h"

namespace lifeboat::manifests {
namespace {

using base::cat;
using base::Json;

constexpr int kUser = 65532;  // the image's own
constexpr int kOwnerAndGroup = 0440;

// The pod asks the etcd of the node that it is on, for nothing else is known of where etcd is.
bool asks_its_own_node(const Plan& plan) {
  return plan.in_network_mode() && network_endpoints(plan).empty();
}

// ---- Where it runs ----------------------------------------------------------------------------

Json node_term(const char* label) {
  return map({{"matchExpressions", list({map({{"key", label}, {"operator", "Exists"}})})}});
}

Json control_plane_nodes(const Plan& plan) {
  Json terms = plan.on_k3s_or_rke2() ? list({node_term("node-role.kubernetes.io/etcd")})
                                     : list({node_term("node-role.kubernetes.io/control-plane"),
                                             node_term("node-role.kubernetes.io/master")});
  return map({{"requiredDuringSchedulingIgnoredDuringExecution",
               map({{"nodeSelectorTerms", std::move(terms)}})}});
}

Json beside_the_inspect_pod() {
  const Json term = map({{"labelSelector", map({{"matchLabels", selector(kInspectComponent)}})},
                         {"topologyKey", "kubernetes.io/hostname"}});
  return map({{"preferredDuringSchedulingIgnoredDuringExecution",
               list({map({{"weight", 100}, {"podAffinityTerm", term}})})}});
}

Json tolerations(const Plan& plan) {
  Json result = Json::array();
  const auto tolerate = [&](std::string key) {
    result.push(map({{"key", std::move(key)}, {"operator", "Exists"}}));
  };
  for (const char* role : {"control-plane", "master", "etcd"}) {
    tolerate(cat("node-role.kubernetes.io/", role));
  }
  // What their guides keep other pods from servers with.
  if (plan.on_k3s_or_rke2()) tolerate("CriticalAddonsOnly");
  return result;
}

void place(const Plan& plan, bool is_backup, Commented& pod) {
  const bool on_control_plane = !plan.in_network_mode() || asks_its_own_node(plan);
  Json affinity = Json::object();
  if (on_control_plane) affinity.set("nodeAffinity", control_plane_nodes(plan));
  if (is_backup && plan.options.inspect_pod) {
    affinity.set("podAffinity", beside_the_inspect_pod());
    pod.comments["/affinity/podAffinity"] =
        "A volume for one node at a time: where the other pod has it, this one can have it too.";
  }
  if (!affinity.as_object()->empty()) pod.value.set("affinity", std::move(affinity));
  if (!on_control_plane) return;
  pod.value.set("tolerations", tolerations(plan));
  pod.comments["/affinity/nodeAffinity"] =
      plan.on_k3s_or_rke2() ? "A server that runs etcd."
                            : "A control plane node, by its newer or its older label.";
  pod.comments["/tolerations"] =
      "Taints of the role, whatever their effect; not those of a node that is not well.";
}

// ---- As whom ----------------------------------------------------------------------------------

Json root_pod(const Plan& plan) {
  Json context = map({{"runAsUser", 0}, {"runAsGroup", 0}, {"fsGroup", 0}});
  context.set("fsGroupChangePolicy", "OnRootMismatch");
  context.set("seLinuxOptions", map({{"type", "spc_t"}, {"level", "s0"}}));
  if (!plan.uses_script()) context.set("seccompProfile", map({{"type", "RuntimeDefault"}}));
  return context;
}

void set_pod_security(const Plan& plan, Commented& pod) {
  const bool network = plan.in_network_mode();
  pod.value.set("securityContext", network ? restricted_pod(plan) : root_pod(plan));
  pod.comments["/securityContext"] =
      plan.uses_script() ? "The script is uid 0's, and so are the control plane's files."
      : !network
          ? "The control plane's files belong to uid 0. It has no capability, so it can read "
            "and write what is its own and nothing else."
      : plan.on_openshift()
          ? "The user id is one of the namespace's own range: restricted-v2 fills it in."
          : "The image's own user.";
}

Json container_security(const Plan& plan, Comments& comments) {
  if (!plan.uses_script()) return unprivileged();
  comments["/securityContext"] =
      "Privileged, for the node's own script. --method native does without.";
  return map({{"privileged", true}, {"readOnlyRootFilesystem", true}});
}

// ---- What is mounted --------------------------------------------------------------------------

// A volume and its mount.
class Mounts {
 public:
  void add(const char* name, const Json& source, std::string_view path, bool read_only) {
    Json volume = map({{"name", name}});
    for (const auto& [kind, value] : *source.as_object()) volume.set(kind, value);
    volumes_.push(std::move(volume));
    Json mount = map({{"name", name}, {"mountPath", path}});
    if (read_only) mount.set("readOnly", true);
    mounts_.push(std::move(mount));
  }

  const Json& volumes() const { return volumes_; }
  const Json& mounts() const { return mounts_; }

 private:
  Json volumes_ = Json::array();
  Json mounts_ = Json::array();
};

Json host_path(std::string_view path, const char* type) {
  return map({{"hostPath", map({{"path", path}, {"type", type}})}});
}

Json items(std::initializer_list<const char*> keys) {
  Json result = Json::array();
  for (const char* key : keys) result.push(map({{"key", key}, {"path", key}}));
  return result;
}

void mount_vault(const Plan& plan, bool read_only, Mounts& mounts) {
  mounts.add("backups",
             map({{"persistentVolumeClaim", map({{"claimName", plan.options.volume_claim}})}}),
             plan.options.vault, read_only);
}

std::string scratch_size(const Plan& plan) {
  return plan.options.scratch_size.empty() ? plan.options.volume_size : plan.options.scratch_size;
}

// A snapshot is proven before it goes into the bucket: until then it is in a folder of the pod.
void mount_bucket(const Plan& plan, Mounts& mounts) {
  mounts.add("scratch", map({{"emptyDir", map({{"sizeLimit", scratch_size(plan)}})}}),
             kScratchFolder, false);
  mounts.add("s3-credentials",
             map({{"secret", map({{"secretName", plan.options.s3_secret},
                                  {"defaultMode", kOwnerAndGroup}})}}),
             kBucketKeysFolder, true);
  if (plan.options.s3_ca_configmap.empty()) return;
  const Json bundle =
      map({{"name", plan.options.s3_ca_configmap}, {"items", items({"ca-bundle.crt"})}});
  mounts.add("s3-ca", map({{"configMap", bundle}}), kBucketCaFolder, true);
}

void mount_config(Mounts& mounts) {
  mounts.add("config", map({{"configMap", map({{"name", kBackupName}})}}), kConfigFolder, true);
}

void mount_client(const Plan& plan, Mounts& mounts) {
  const Json secret = map({{"secretName", plan.client_secret()},
                           {"defaultMode", kOwnerAndGroup},
                           {"items", items({"tls.crt", "tls.key"})}});
  mounts.add("etcd-client", map({{"secret", secret}}), kClientFolder, true);
  const Json bundle =
      map({{"name", plan.client_ca_configmap()}, {"items", items({"ca-bundle.crt"})}});
  mounts.add("etcd-ca", map({{"configMap", bundle}}), kClientCaFolder, true);
}

void mount_node(const Plan& plan, Mounts& mounts) {
  if (plan.uses_script()) {
    mounts.add("host", host_path("/", "Directory"), "/host", false);
  } else if (plan.on_k3s_or_rke2()) {
    // Not the folder that they are in: etcd's data is there, too.
    const std::string server = plan.server_folder();
    mounts.add("tls", host_path(server + "/tls", "Directory"), cat("/host", server, "/tls"), true);
    mounts.add("cred", host_path(server + "/cred", "Directory"), cat("/host", server, "/cred"),
               true);
    mounts.add("token", host_path(server + "/token", "File"), cat("/host", server, "/token"), true);
  } else {
    mounts.add("kubernetes", host_path("/etc/kubernetes", "Directory"), "/host/etc/kubernetes",
               true);
  }
}

void mount_program(const Plan& plan, Mounts& mounts) {
  if (plan.options.node_binary.empty()) return;
  mounts.add("program", host_path(plan.options.node_binary, "File"), "/usr/local/bin/lifeboat",
             true);
}

// For whoever has to bring it.
std::string about_client(const Plan& plan) {
  const bool kubeadm = !plan.on_k3s_or_rke2();
  const std::string etcd =
      kubeadm ? "/etc/kubernetes/pki/etcd" : cat(plan.server_folder(), "/tls/etcd");
  const std::string client = cat(etcd, kubeadm ? "/healthcheck-client" : "/client");
  const std::string in = cat("  kubectl -n ", plan.options.namespace_name, " create ");
  return cat("Made once, on a control plane node, and again when the certificate is renewed:\n", in,
             "secret generic ", plan.client_secret(), " \\\n", "    --from-file=tls.crt=", client,
             ".crt \\\n", "    --from-file=tls.key=", client, ".key\n", in, "configmap ",
             plan.client_ca_configmap(), " \\\n", "    --from-file=ca-bundle.crt=", etcd,
             kubeadm ? "/ca.crt" : "/server-ca.crt");
}

std::string about_keys(const Plan& plan) {
  return cat("Made once, and again when the keys change; the pod reads them anew:\n  kubectl -n ",
             plan.options.namespace_name, " create secret generic ", plan.options.s3_secret,
             " \\\n    --from-file=AWS_ACCESS_KEY_ID --from-file=AWS_SECRET_ACCESS_KEY");
}

// ---- Together ---------------------------------------------------------------------------------

Json resources(const Plan& plan) {
  Json result = Json::object();
  for (const std::string kind : {"requests", "limits"}) {
    Json amounts = Json::object();
    for (const auto& [name, amount] : plan.options.resources) {
      if (name.starts_with(kind)) amounts.set(name.substr(kind.size() + 1), amount);
    }
    result.set(kind, std::move(amounts));
  }
  return result;
}

Json base_pod(const Plan& plan) {
  Json spec = map({{"restartPolicy", "Never"},
                   {"serviceAccountName", plan.options.service_account},
                   {"automountServiceAccountToken", false},
                   {"enableServiceLinks", false}});
  if (!plan.options.image_pull_secret.empty()) {
    spec.set("imagePullSecrets", list({map({{"name", plan.options.image_pull_secret}})}));
  }
  return spec;
}

Json base_container(const Plan& plan, const char* name, std::string_view image) {
  Json container = map({{"name", name}, {"image", image}, {"imagePullPolicy", "IfNotPresent"}});
  // The image's entry point is the program; a program that is brought along has to be named.
  if (!plan.options.node_binary.empty() && image == plan.options.image) {
    container.set("command", list({"/usr/local/bin/lifeboat"}));
  }
  return container;
}

void ask_own_node(Json& container, Comments& comments) {
  const Json address = map({{"fieldRef", map({{"fieldPath", "status.hostIP"}})}});
  container.set(
      "env", list({map({{"name", "HOST_IP"}, {"valueFrom", address}}),
                   map({{"name", "LIFEBOAT_ENDPOINTS"}, {"value", "https://$(HOST_IP):2379"}})}));
  comments["/env"] =
      "The etcd of the control plane node that the pod is on. Name all members with --endpoints, "
      "and the snapshot is taken from any of them that is up.";
}

Commented backup_container(const Plan& plan, const Mounts& mounts) {
  Commented result{base_container(plan, "backup", plan.options.image), {}};
  Json& container = result.value;
  container.set("args", list({"backup", "--config", cat(kConfigFolder, "/lifeboat.yaml")}));
  if (asks_its_own_node(plan)) ask_own_node(container, result.comments);
  container.set("terminationMessagePolicy", "FallbackToLogsOnError")
      .set("resources", resources(plan))
      .set("securityContext", container_security(plan, result.comments))
      .set("volumeMounts", mounts.mounts());
  return result;
}

void finish(Commented& pod, Commented container, const Mounts& mounts) {
  pod.value.set("containers", list({std::move(container.value)}));
  pod.value.set("volumes", mounts.volumes());
  pod.comments.merge(moved_to("/containers/0", container.comments));
}

}  // namespace

Commented backup_pod(const Plan& plan) {
  Commented pod{base_pod(plan), {}};
  Mounts mounts;
  plan.in_bucket() ? mount_bucket(plan, mounts) : mount_vault(plan, false, mounts);
  if (plan.in_bucket()) pod.comments["/volumes/1"] = about_keys(plan);
  mount_config(mounts);
  if (plan.in_network_mode()) {
    const std::size_t client = mounts.volumes().as_array()->size();
    mount_client(plan, mounts);
    if (!plan.copies_client()) pod.comments[cat("/volumes/", client)] = about_client(plan);
  } else {
    mount_node(plan, mounts);
    mount_program(plan, mounts);
    pod.value.set("hostNetwork", true).set("dnsPolicy", "Default");
    pod.comments["/hostNetwork"] =
        "etcd and the node's own API server are asked on the node's addresses, also while the "
        "cluster's network is ill.";
  }
  place(plan, true, pod);
  set_pod_security(plan, pod);
  finish(pod, backup_container(plan, mounts), mounts);
  return pod;
}

Commented inspect_pod(const Plan& plan) {
  const Options& options = plan.options;
  const bool other_image = !options.inspect_image.empty();
  Commented pod{base_pod(plan), {}};
  pod.value.set("activeDeadlineSeconds", 4 * 60 * 60);
  pod.comments["/activeDeadlineSeconds"] =
      "Four hours: as long as it has the volume, a backup on another node waits for it.";
  Mounts mounts;
  mount_vault(plan, true, mounts);
  if (!other_image) mount_program(plan, mounts);
  place(plan, false, pod);
  set_pod_security(plan, pod);
  Commented container{
      base_container(plan, "inspect", other_image ? options.inspect_image : options.image), {}};
  other_image ? container.value.set("command", list({"sleep", "infinity"}))
              : container.value.set("args", list({"idle"}));
  container.value.set("env", list({map({{"name", "LIFEBOAT_VAULT"}, {"value", options.vault}})}))
      .set("resources", resources(plan))
      .set("securityContext", unprivileged())
      .set("volumeMounts", mounts.mounts());
  finish(pod, std::move(container), mounts);
  return pod;
}

Json pod_metadata(const Plan& plan, std::string_view component) {
  Json metadata = map({{"labels", labels(plan, component)}});
  Json annotations = Json::object();
  for (const auto& [name, value] : plan.options.annotations) annotations.set(name, value);
  if (plan.on_openshift()) {
    const bool ours = component != kCopyComponent;
    annotations.set("openshift.io/required-scc",
                    ours ? constraint_name(plan) : std::string("restricted-v2"));
  }
  if (!annotations.as_object()->empty()) metadata.set("annotations", std::move(annotations));
  return metadata;
}

Json unprivileged() {
  return map({{"allowPrivilegeEscalation", false},
              {"capabilities", map({{"drop", list({"ALL"})}})},
              {"privileged", false},
              {"readOnlyRootFilesystem", true}});
}

Json restricted_pod(const Plan& plan) {
  Json context = map({{"runAsNonRoot", true}});
  if (!plan.on_openshift()) {
    context.set("runAsUser", kUser).set("runAsGroup", kUser).set("fsGroup", kUser);
  }
  context.set("fsGroupChangePolicy", "OnRootMismatch");
  context.set("seccompProfile", map({{"type", "RuntimeDefault"}}));
  return context;
}

}  // namespace lifeboat::manifests
