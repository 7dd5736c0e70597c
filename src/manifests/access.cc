#include "manifests/access.h"

#include "base/text.h"
#include "manifests/constraints.h"

namespace lifeboat::manifests {
namespace {

using base::Json;

constexpr const char* kFile = "access.yaml";
constexpr const char* kRbac = "rbac.authorization.k8s.io/v1";
constexpr const char* kRbacGroup = "rbac.authorization.k8s.io";
constexpr const char* kLegacyRole = "etcd-backup-approver";

bool is_legacy(const Plan& plan) { return plan.options.rbac == Rbac::kLegacy; }

Json subjects(const Plan& plan) {
  return list({map({{"kind", "ServiceAccount"},
                    {"name", plan.options.service_account},
                    {"namespace", plan.options.namespace_name}})});
}

Json role_ref(const char* kind, std::string_view name) {
  return map({{"apiGroup", kRbacGroup}, {"kind", kind}, {"name", name}});
}

Object service_account(const Plan& plan) {
  Object object{kFile,
                "",
                make_object(plan, "v1", "ServiceAccount", plan.options.service_account,
                            plan.options.namespace_name, kBackupComponent),
                {}};
  // Where other pods use the account, they may need its token.
  if (is_legacy(plan)) return object;
  object.about = "No pod gets the token of this account.";
  object.value.set("automountServiceAccountToken", false);
  return object;
}

Objects constraint_access(const Plan& plan) {
  const std::string& space = plan.options.namespace_name;
  const std::string name = base::cat("use-", constraint_name(plan));
  Object role{kFile,
              "The one right: to run under the constraint of this namespace's backup.",
              make_object(plan, kRbac, "Role", name, space, kBackupComponent),
              {}};
  role.value.set("rules", list({map({{"apiGroups", list({"security.openshift.io"})},
                                     {"resources", list({"securitycontextconstraints"})},
                                     {"resourceNames", list({constraint_name(plan)})},
                                     {"verbs", list({"use"})}})}));
  Object binding{
      kFile, "", make_object(plan, kRbac, "RoleBinding", name, space, kBackupComponent), {}};
  binding.value.set("subjects", subjects(plan)).set("roleRef", role_ref("Role", name));
  return {std::move(role), std::move(binding)};
}

Objects legacy_access(const Plan& plan) {
  Object role{kFile,
              "Rights that fleets have given this account for debug pods. The backup uses none of "
              "them; --rbac minimal leaves them out.",
              make_object(plan, kRbac, "ClusterRole", kLegacyRole, "", kBackupComponent),
              {}};
  role.value.set("rules",
                 list({map({{"apiGroups", list({""})},
                            {"resources", list({"nodes"})},
                            {"verbs", list({"get", "list"})}}),
                       map({{"apiGroups", list({""})},
                            {"resources", list({"pods", "pods/log"})},
                            {"verbs", list({"get", "list", "create", "delete", "watch"})}})}));
  Object binding{kFile,
                 "Where a binding of this name leads to cluster-admin, delete that one first: what "
                 "a binding refers to can't be changed.",
                 make_object(plan, kRbac, "ClusterRoleBinding", "cluster-admin-approver-sa-crb", "",
                             kBackupComponent),
                 {}};
  binding.value.set("subjects", subjects(plan))
      .set("roleRef", role_ref("ClusterRole", kLegacyRole));
  return {std::move(role), std::move(binding)};
}

}  // namespace

Objects access_objects(const Plan& plan) {
  Objects objects{service_account(plan)};
  const auto add = [&](Objects more) {
    for (Object& object : more) objects.push_back(std::move(object));
  };
  if (needs_constraint(plan)) {
    add({constraint(plan)});
    add(constraint_access(plan));
  }
  if (is_legacy(plan)) add(legacy_access(plan));
  return objects;
}

}  // namespace lifeboat::manifests
