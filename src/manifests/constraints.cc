#include "manifests/constraints.h"

#include "base/text.h"

namespace lifeboat::manifests {
namespace {

using base::Json;

constexpr const char* kAboutNative =
    "What the backup pod needs, and not a thing more: uid 0 without any capability, one folder of "
    "the node, the node's network. Not privileged, no privilege escalation, no other host "
    "namespace, a root file system that can't be written. A constraint can't say which host paths: "
    "the pod mounts /etc/kubernetes, read-only.";

constexpr const char* kAboutScript =
    "This one is privileged: OpenShift's own cluster-backup.sh runs in the node's root file "
    "system, "
    "starts containers there and writes to it. Only --method script and auto need that; --method "
    "native, the default, does without.";

Json one_id() { return map({{"min", 0}, {"max", 0}}); }

Json group_rule() { return map({{"type", "MustRunAs"}, {"ranges", list({one_id()})}}); }

Json label_rule() {
  return map(
      {{"type", "MustRunAs"}, {"seLinuxOptions", map({{"type", "spc_t"}, {"level", "s0"}})}});
}

}  // namespace

bool needs_constraint(const Plan& plan) { return plan.on_openshift() && !plan.in_network_mode(); }

std::string constraint_name(const Plan& plan) {
  if (plan.in_network_mode()) return "restricted-v2";
  // A vault in a bucket takes other volumes: of two such backups neither is to change the other's.
  return base::cat(plan.uses_script() ? "lifeboat-script" : "lifeboat-control-plane",
                   plan.in_bucket() ? "-bucket" : "");
}

Object constraint(const Plan& plan) {
  const bool script = plan.uses_script();
  Object object{"access.yaml",
                script ? kAboutScript : kAboutNative,
                make_object(plan, "security.openshift.io/v1", "SecurityContextConstraints",
                            constraint_name(plan), "", kBackupComponent),
                {}};
  annotate(object.value, "kubernetes.io/description",
           script ? "lifeboat, for backups with the node's own script"
                  : "lifeboat, for backups on a control plane node");
  object.value.set("priority", 0)
      .set("allowPrivilegedContainer", script)
      .set("allowPrivilegeEscalation", script)
      .set("defaultAllowPrivilegeEscalation", script)
      .set("allowHostDirVolumePlugin", true)
      .set("allowHostNetwork", true)
      .set("allowHostIPC", false)
      .set("allowHostPID", false)
      .set("allowHostPorts", false)
      .set("allowedCapabilities", Json::array())
      .set("defaultAddCapabilities", Json::array())
      .set("requiredDropCapabilities", script ? Json::array() : list({"ALL"}))
      .set("readOnlyRootFilesystem", true)
      .set("runAsUser", map({{"type", "MustRunAs"}, {"uid", 0}}))
      .set("fsGroup", group_rule())
      .set("supplementalGroups", group_rule())
      .set("seLinuxContext", label_rule())
      .set("seccompProfiles", list({script ? "*" : "runtime/default"}))
      .set("volumes", plan.in_bucket() ? list({"configMap", "emptyDir", "hostPath", "secret"})
                                       : list({"configMap", "hostPath", "persistentVolumeClaim"}))
      .set("users", Json::array())
      .set("groups", Json::array());
  object.comments["/seLinuxContext"] =
      "What lies below /etc/kubernetes has labels that a confined container may not read.";
  object.comments["/users"] = "Who may use it says the RoleBinding.";
  return object;
}

}  // namespace lifeboat::manifests
