#include "node/control_plane.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "base/error.h"
#include "base/text.h"
#include "testing/error_of.h"
#include "testing/node_tree.h"
#include "testing/temp_folder.h"

namespace lifeboat::node {
namespace {

namespace filesystem = std::filesystem;
using base::cat;
using base::Code;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using testing::NodeTreeOptions;
using ::testing::StartsWith;

const std::string kResources = "etc/kubernetes/static-pod-resources/";
const std::string kEtcdEnv = kResources + "etcd-certs/configmaps/etcd-scripts/etcd.env";
const std::string kEtcdYaml = "etc/kubernetes/manifests/etcd.yaml";

// What this room reads here stands beside the revisions of the static pods.
NodeTreeOptions one_revision(std::vector<std::string> addresses = NodeTreeOptions().addresses) {
  return {.addresses = std::move(addresses), .other_revisions = {}};
}

class FindControlPlane : public ::testing::Test {
 protected:
  std::string root() const { return folder_.path("host"); }
  std::string shown(const std::string& path) const { return cat(root(), "/", path); }

  void write(const std::string& path, std::string_view content) const {
    testing::write_node_file(root(), path, content);
  }
  std::string text(const std::string& path) const { return folder_.read("host/" + path); }
  void remove(const std::string& path) const {
    ASSERT_GT(filesystem::remove_all(shown(path)), 0u) << path;
  }
  void edit(const std::string& path, std::string_view from, std::string_view to) const {
    std::string content = text(path);
    const std::size_t at = content.find(from);
    ASSERT_NE(at, content.npos) << from;
    write(path, content.replace(at, from.size(), to));
  }

  Platform detect() const { return detect_platform(*os::open_host_tree(root())); }
  ControlPlane find(Platform platform, const std::string& host_name = "somewhere") const {
    return find_control_plane(*os::open_host_tree(root()), platform, host_name);
  }
  base::Error error(Platform platform) const {
    return error_of([&] { find(platform); });
  }
  // That the file at `path` is what `pem` holds.
  void expect_pem(const NodePem& pem, const std::string& path) const {
    EXPECT_THAT(pem.path, StartsWith(root()));
    EXPECT_EQ(filesystem::canonical(pem.path), filesystem::canonical(shown(path)));
    EXPECT_EQ(pem.content, text(path));
    EXPECT_THAT(pem.content, StartsWith("-----BEGIN "));
  }
  void expect_pems(const EtcdAccess& access, const std::string& ca, const std::string& pair) const {
    expect_pem(access.ca, ca);
    expect_pem(access.cert, pair + ".crt");
    expect_pem(access.key, pair + ".key");
  }

  const testing::TempFolder folder_;
};

TEST(Platform, HasAName) {
  EXPECT_EQ(platform_name(Platform::kNone), "none");
  EXPECT_EQ(platform_name(Platform::kOpenShift), "openshift");
  EXPECT_EQ(platform_name(Platform::kKubeadm), "kubeadm");
  EXPECT_EQ(platform_name(Platform::kK3s), "k3s");
  EXPECT_EQ(platform_name(Platform::kRke2), "rke2");
}

TEST_F(FindControlPlane, KnowsEveryPlatformByItsFiles) {
  struct Case {
    std::function<void()> make;
    Platform platform;
  };
  const std::vector<Case> cases = {
      {[&] { testing::make_openshift_node(root(), one_revision()); }, Platform::kOpenShift},
      {[&] { testing::make_old_openshift_node(root(), one_revision()); }, Platform::kOpenShift},
      {[&] { testing::make_kubeadm_node(root()); }, Platform::kKubeadm},
      {[&] { testing::make_kubeadm_node_with_external_etcd(root()); }, Platform::kKubeadm},
      {[&] { testing::make_k3s_node(root()); }, Platform::kK3s},
      {[&] { testing::make_rke2_node(root()); }, Platform::kRke2},
  };
  for (const Case& test : cases) {
    test.make();
    EXPECT_EQ(detect(), test.platform) << platform_name(test.platform);
    EXPECT_TRUE(find(detect()).etcd) << platform_name(test.platform);
    remove("");
  }
}

TEST_F(FindControlPlane, FindsNoneOnOtherNodes) {
  for (const char* path :
       {"etc/hostname", "etc/kubernetes/kubelet.conf", "etc/kubernetes/manifests/nginx.yaml",
        "etc/kubernetes/pki/ca.crt", "etc/kubernetes/static-pod-resources/configmaps/x",
        "var/lib/rancher/k3s/agent/client-ca.crt",
        "var/lib/rancher/rke2/agent/pod-manifests/kube-proxy.yaml"}) {
    write(path, "x");
    EXPECT_EQ(detect(), Platform::kNone) << path;
  }
  EXPECT_EQ(find(Platform::kNone).etcd.has_value(), false);
}

// ---- OpenShift --------------------------------------------------------------------------------

TEST_F(FindControlPlane, ReadsWhatTheEtcdOperatorLeaves) {
  testing::make_openshift_node(
      root(), {.node_name = "cp-0.example.com", .addresses = {"10.0.0.7", "10.0.0.5", "10.0.0.6"}});
  const ControlPlane found = find(Platform::kOpenShift);
  EXPECT_EQ(found.platform, Platform::kOpenShift);
  EXPECT_EQ(found.node_name, "cp-0.example.com");
  EXPECT_THAT(found.etcd->endpoints, ElementsAre("https://10.0.0.7:2379", "https://10.0.0.5:2379",
                                                 "https://10.0.0.6:2379"));
  expect_pems(*found.etcd,
              kResources + "etcd-certs/configmaps/etcd-all-bundles/server-ca-bundle.crt",
              kResources + "etcd-certs/secrets/etcd-all-certs/etcd-peer-cp-0.example.com");
}

TEST_F(FindControlPlane, PutsTheNodesOwnEtcdFirst) {
  testing::make_openshift_node(root(), one_revision({"10.0.0.5", "10.0.0.6"}));
  const std::string others = "https://10.0.0.6:2379";
  edit(kEtcdEnv, "ETCDCTL_ENDPOINTS=\"https://10.0.0.5:2379,https://10.0.0.6:2379",
       "ETCDCTL_ENDPOINTS=\"https://10.0.0.6:2379,https://10.0.0.5:9999");
  EXPECT_THAT(find(Platform::kOpenShift).etcd->endpoints,
              ElementsAre("https://10.0.0.5:9999", others));
  // A list that lacks it.
  edit(kEtcdEnv, ",https://10.0.0.5:9999", "");
  EXPECT_THAT(find(Platform::kOpenShift).etcd->endpoints,
              ElementsAre("https://10.0.0.5:2379", others));
  // Only the list with the bootstrap machine.
  edit(kEtcdEnv, "export ETCDCTL_ENDPOINTS", "export OTHER");
  EXPECT_THAT(find(Platform::kOpenShift).etcd->endpoints,
              ElementsAre("https://10.0.0.5:2379", others));
  // No list, and the address under its other name.
  edit(kEtcdEnv, "export ALL_ETCD_ENDPOINTS", "export ANOTHER");
  edit(kEtcdEnv, "NODE_cp_0_example_com_IP", "NODE_gone_IP");
  EXPECT_THAT(find(Platform::kOpenShift).etcd->endpoints, ElementsAre("https://10.0.0.5:2379"));
}

TEST_F(FindControlPlane, ReadsAddressesOfVersion6) {
  testing::make_openshift_node(root(), one_revision({"fd00::6", "fd00::5"}));
  EXPECT_THAT(find(Platform::kOpenShift).etcd->endpoints,
              ElementsAre("https://[fd00::6]:2379", "https://[fd00::5]:2379"));
}

TEST_F(FindControlPlane, TakesThePodsPathWhereItIsThere) {
  testing::make_openshift_node(root(), one_revision());
  const std::string bundle = "configmaps/etcd-all-bundles/server-ca-bundle.crt";
  write("etc/kubernetes/static-pod-certs/" + bundle, text(kResources + "etcd-certs/" + bundle));
  expect_pem(find(Platform::kOpenShift).etcd->ca, "etc/kubernetes/static-pod-certs/" + bundle);
}

TEST_F(FindControlPlane, KnowsTheNodeByTheHostWhereThePlaceholderStayed) {
  testing::make_openshift_node(root(), one_revision());
  edit(kEtcdEnv, "etcd-peer-cp-0.example.com.crt", "etcd-peer-NODE_NAME.crt");
  edit(kEtcdEnv, "etcd-peer-cp-0.example.com.key", "etcd-peer-NODE_NAME.key");
  for (const char* host_name : {"cp-0.example.com", "cp-0", "cp-0.other.domain"}) {
    const ControlPlane found = find(Platform::kOpenShift, host_name);
    EXPECT_EQ(found.node_name, "cp-0.example.com");
    EXPECT_EQ(found.etcd->endpoints.front(), "https://10.0.0.5:2379");
    EXPECT_THAT(found.etcd->key.path, HasSubstr("etcd-peer-cp-0.example.com.key"));
  }
  const base::Error error = error_of([&] { find(Platform::kOpenShift, "pod-x7f2"); });
  EXPECT_EQ(error.code(), Code::kNotFound);
  EXPECT_THAT(error.what(), HasSubstr("etcd-peer-pod-x7f2.crt"));
}

TEST_F(FindControlPlane, SaysWhatTheEtcdOperatorLeftOut) {
  struct Case {
    std::string from;
    std::string to;
    Code code;
    std::string message;
  };
  const std::string line = shown(kEtcdEnv);
  const std::vector<Case> cases = {
      {"ETCDCTL_CACERT", "OTHER", Code::kInvalid, line + ": ETCDCTL_CACERT is not set"},
      {"ETCDCTL_KEY", "OTHER", Code::kInvalid, line + ": ETCDCTL_KEY is not set"},
      {"CACERT=\"/etc", "CACERT=\"etc", Code::kInvalid,
       line + ": ETCDCTL_CACERT is not the whole path of a file"},
      {"CACERT=\"/etc", "CACERT=\"/../../outside/../etc/absent", Code::kNotFound,
       "cannot find the CA certificate of etcd: there is no " +
           shown("../../outside/../etc/absent")},
      {"CACERT=\"", "CACERT=\"$(cat /etc/shadow)", Code::kInvalid, line + " line 2: '$'"},
      {"export ETCDCTL_CERT", "rm -rf / #", Code::kInvalid, line + " line 3: not an assignment"},
      {"server-ca-bundle.crt", "missing.crt", Code::kNotFound,
       "there is no " +
           shown("etc/kubernetes/static-pod-certs/configmaps/etcd-all-bundles/missing.crt") +
           " and no " + shown(kResources + "etcd-certs/configmaps/etcd-all-bundles/missing.crt")},
  };
  testing::make_openshift_node(root(), one_revision());
  const std::string whole = text(kEtcdEnv);
  for (const Case& test : cases) {
    write(kEtcdEnv, whole);
    edit(kEtcdEnv, test.from, test.to);
    const base::Error error = this->error(Platform::kOpenShift);
    EXPECT_THAT(error.what(), HasSubstr(test.message));
    EXPECT_EQ(code_name(error.code()), code_name(test.code)) << test.message;
    EXPECT_NE(error.hint(), "") << test.message;
  }
}

TEST_F(FindControlPlane, NeedsTheEtcdOperatorsFile) {
  testing::make_openshift_node(root(), one_revision());
  for (const char* empty : {"", "# nothing\n", "export ETCDCTL_CERT=\"/x\"\n"}) {
    write(kEtcdEnv, empty);
    EXPECT_THAT(error(Platform::kOpenShift).what(),
                HasSubstr(": neither ETCDCTL_ENDPOINTS nor this node's address is set"));
  }
  write(kEtcdEnv, std::string(1024 * 1024 + 1, '\n'));
  EXPECT_EQ(error(Platform::kOpenShift).code(), Code::kInvalid);
  remove(kEtcdEnv);
  EXPECT_EQ(detect(), Platform::kOpenShift);
  const base::Error missing = error(Platform::kOpenShift);
  EXPECT_EQ(missing.code(), Code::kNotFound);
  EXPECT_EQ(missing.what(),
            "cannot find the variables that the etcd operator leaves on the node: there is no " +
                shown(kEtcdEnv));
  EXPECT_THAT(missing.hint(), HasSubstr("mount the node's /etc/kubernetes below --host-root"));
  EXPECT_THAT(missing.hint(), HasSubstr("--platform none"));
}

TEST_F(FindControlPlane, NeverReadsOutsideOfTheRoot) {
  testing::make_openshift_node(root(), one_revision());
  folder_.write("secret", "outside");
  edit(kEtcdEnv, "CACERT=\"", "CACERT=\"/../secret\" #");
  EXPECT_EQ(error(Platform::kOpenShift).code(), Code::kNotFound);
  write("secret", "the node's own");
  EXPECT_EQ(find(Platform::kOpenShift).etcd->ca.content, "the node's own");
}

TEST_F(FindControlPlane, ReadsANodeOfOpenShift4_1) {
  testing::make_old_openshift_node(root(), one_revision());
  const ControlPlane found = find(Platform::kOpenShift);
  EXPECT_EQ(found.platform, Platform::kOpenShift);
  EXPECT_EQ(found.node_name, "");
  EXPECT_THAT(found.etcd->endpoints, ElementsAre("https://etcd-0.prod.example.com:2379"));
  const std::string member = kResources + "etcd-member/";
  expect_pems(*found.etcd, member + "ca.crt", member + "system:etcd-peer:etcd-0.prod.example.com");
}

TEST_F(FindControlPlane, KnowsTheMembersOfARecoveredNodeOfOpenShift4_1) {
  testing::make_old_openshift_node(root(), one_revision());
  write("etc/etcd/etcd.conf",
        text("etc/etcd/etcd.conf") +
            "\n#[recover]\nETCD_NAME=\"etcd-member-cp-0\"\n"
            "ETCD_INITIAL_CLUSTER=\"etcd-member-cp-1=https://etcd-1.prod.example.com:2380,"
            "etcd-member-cp-0=https://etcd-0.prod.example.com:2380,rubbish\"\n");
  const ControlPlane found = find(Platform::kOpenShift);
  EXPECT_EQ(found.node_name, "cp-0");
  EXPECT_THAT(found.etcd->endpoints, ElementsAre("https://etcd-0.prod.example.com:2379",
                                                 "https://etcd-1.prod.example.com:2379"));
}

TEST_F(FindControlPlane, FindsTheCertificateOfOpenShift4_1ByItsName) {
  testing::make_old_openshift_node(root(), one_revision());
  const std::string member = kResources + "etcd-member/system:etcd-peer:";
  remove("run");
  EXPECT_THAT(find(Platform::kOpenShift).etcd->endpoints,
              ElementsAre("https://etcd-0.prod.example.com:2379"));
  write(member + "etcd-1.prod.example.com.crt", "another's");
  const base::Error several = error(Platform::kOpenShift);
  EXPECT_EQ(several.code(), Code::kInvalid);
  EXPECT_THAT(several.what(), HasSubstr("etcd-0.prod.example.com, etcd-1.prod.example.com"));
  EXPECT_THAT(several.hint(), HasSubstr("/run/etcd"));
  remove(member + "etcd-0.prod.example.com.crt");
  remove(member + "etcd-1.prod.example.com.crt");
  EXPECT_THAT(error(Platform::kOpenShift).what(), HasSubstr("no system:etcd-peer:NAME.crt in "));
}

TEST_F(FindControlPlane, PrefersTheOperatorsFileAfterAnUpgradeFrom4_3) {
  testing::make_old_openshift_node(root(), one_revision());
  testing::make_openshift_node(root(), one_revision());
  EXPECT_THAT(find(Platform::kOpenShift).etcd->cert.path, HasSubstr("/etcd-certs/"));
}

// ---- kubeadm ----------------------------------------------------------------------------------

TEST_F(FindControlPlane, ReadsTheFlagsOfKubeadmsEtcd) {
  testing::make_kubeadm_node(root(), {.node_name = "cp-0"});
  const ControlPlane found = find(Platform::kKubeadm);
  EXPECT_EQ(found.platform, Platform::kKubeadm);
  EXPECT_EQ(found.node_name, "cp-0");
  EXPECT_THAT(found.etcd->endpoints, ElementsAre("https://10.0.0.5:2379"));
  const std::string pki = "etc/kubernetes/pki/etcd/";
  expect_pems(*found.etcd, pki + "ca.crt", pki + "healthcheck-client");
}

std::string pod_with(const std::string& container) {
  return cat("spec:\n  containers:\n  - ", container, "\n");
}

struct FlagsCase {
  std::string container;
  std::string endpoint;
};

TEST_F(FindControlPlane, ReadsFlagsHoweverTheyAreWritten) {
  testing::make_kubeadm_node(root());
  const std::vector<FlagsCase> cases = {
      {"command: [etcd, --advertise-client-urls, 'https://a:1', --name=x]", "https://a:1"},
      {"{command: [/usr/local/bin/etcd], args: ['--advertise-client-urls=https://b:1']}",
       "https://b:1"},
      {"{name: etcd, args: [--advertise-client-urls=https://c:1]}", "https://c:1"},
      {"{name: sidecar}\n  - {name: etcd, args: [--advertise-client-urls=https://d:1]}",
       "https://d:1"},
      {"command: [etcd, '--advertise-client-urls=https://e:1,https://f:1']", "https://e:1"},
      {"command: [etcd, --client-cert-auth, '--listen-client-urls=https://g:1']", "https://g:1"},
      {"command: [etcd, '--listen-client-urls=https://0.0.0.0:9,https://h:1']",
       "https://127.0.0.1:9"},
      {"command: [etcd, '--listen-client-urls=https://[::]:9']", "https://127.0.0.1:9"},
  };
  for (const FlagsCase& test : cases) {
    write(kEtcdYaml, pod_with(test.container));
    EXPECT_THAT(find(Platform::kKubeadm).etcd->endpoints, ElementsAre(test.endpoint));
  }
}

TEST_F(FindControlPlane, LooksForCertificatesBesideTheCa) {
  testing::make_kubeadm_node(root());
  filesystem::rename(shown("etc/kubernetes/pki/etcd"), shown("var-certs"));
  edit(kEtcdYaml, "--trusted-ca-file=/etc/kubernetes/pki/etcd", "--trusted-ca-file=/var-certs");
  expect_pems(*find(Platform::kKubeadm).etcd, "var-certs/ca.crt", "var-certs/healthcheck-client");
  // The API server's, where the other was removed.
  remove("var-certs/healthcheck-client.crt");
  expect_pems(*find(Platform::kKubeadm).etcd, "var-certs/ca.crt",
              "etc/kubernetes/pki/apiserver-etcd-client");
  // Neither.
  remove("etc/kubernetes/pki/apiserver-etcd-client.crt");
  const base::Error error = this->error(Platform::kKubeadm);
  EXPECT_EQ(error.code(), Code::kNotFound);
  EXPECT_EQ(error.what(), "cannot find the client certificate for etcd: there is no " +
                              shown("var-certs/healthcheck-client.crt"));
}

TEST_F(FindControlPlane, NeedsNoCertificatesForAnEtcdWithoutTls) {
  write(kEtcdYaml, pod_with("command: [etcd, '--advertise-client-urls=http://10.0.0.5:2379']"));
  const ControlPlane found = find(Platform::kKubeadm);
  EXPECT_THAT(found.etcd->endpoints, ElementsAre("http://10.0.0.5:2379"));
  EXPECT_EQ(found.etcd->ca.content, "");
  EXPECT_EQ(found.etcd->cert.path, "");
}

TEST_F(FindControlPlane, SaysWhatIsWrongWithKubeadmsEtcd) {
  struct Case {
    std::string manifest;
    std::string message;
  };
  const std::string file = shown(kEtcdYaml);
  const std::vector<Case> cases = {
      {"", file + ": no container in it runs etcd"},
      {"spec: [1, 2]", file + ": no container in it runs etcd"},
      {pod_with("{name: kine, command: [kine, etcd]}"), file + ": no container in it runs etcd"},
      {pod_with("command: [etcd, --name=x]"),
       file + ": neither --advertise-client-urls nor --listen-client-urls is in it"},
      {pod_with("command: [etcd, --advertise-client-urls, --name=x]"), ": neither --advertise"},
      {pod_with("command: {a: b"), file + " line "},
      {"\x01\x02garbage: [", file + " line 1: not valid YAML"},
      {std::string(1024 * 1024 + 1, ' '), file + ": it has more than 1048576 bytes"},
  };
  for (const Case& test : cases) {
    write(kEtcdYaml, test.manifest);
    const base::Error error = this->error(Platform::kKubeadm);
    EXPECT_EQ(error.code(), Code::kInvalid) << test.message;
    EXPECT_THAT(error.what(), HasSubstr(test.message));
  }
  remove(kEtcdYaml);
  EXPECT_EQ(error(Platform::kKubeadm).code(), Code::kNotFound);
}

TEST_F(FindControlPlane, ReachesAnExternalEtcdAsTheApiServerDoes) {
  testing::make_kubeadm_node_with_external_etcd(root());
  const ControlPlane found = find(Platform::kKubeadm);
  EXPECT_EQ(found.node_name, "");
  EXPECT_THAT(found.etcd->endpoints, ElementsAre("https://10.0.0.5:2379", "https://10.0.0.6:2379",
                                                 "https://10.0.0.7:2379"));
  EXPECT_EQ(found.etcd->ca.content, text("etc/ssl/etcd/ca.pem"));
  EXPECT_EQ(found.etcd->key.content, text("etc/ssl/etcd/node.key"));
  // A folder that nobody mounted.
  remove("etc/ssl/etcd/ca.pem");
  EXPECT_THAT(error(Platform::kKubeadm).hint(), StartsWith("mount the node's /etc/ssl/etcd below"));
  // A path of slashes is none.
  edit("etc/kubernetes/manifests/kube-apiserver.yaml", "/etc/ssl/etcd/ca.pem", "///");
  EXPECT_EQ(error(Platform::kKubeadm).code(), Code::kInvalid);
  edit("etc/kubernetes/manifests/kube-apiserver.yaml", "--etcd-cafile", "--other");
  EXPECT_THAT(error(Platform::kKubeadm).what(), HasSubstr("the flag --etcd-cafile is not in it"));
}

// ---- k3s, RKE2 --------------------------------------------------------------------------------

TEST_F(FindControlPlane, ReadsAServerOfRanchers) {
  testing::make_k3s_node(root(), {.node_name = "cp-0"});
  testing::make_rke2_node(root(), {.node_name = "cp-1"});
  EXPECT_EQ(detect(), Platform::kRke2);
  for (const Platform platform : {Platform::kK3s, Platform::kRke2}) {
    const ControlPlane found = find(platform);
    EXPECT_EQ(found.platform, platform);
    EXPECT_EQ(found.node_name, platform == Platform::kK3s ? "cp-0" : "cp-1");
    EXPECT_THAT(found.etcd->endpoints, ElementsAre("https://127.0.0.1:2379"));
    const std::string tls = cat("var/lib/rancher/", platform_name(platform), "/server/tls/etcd/");
    expect_pems(*found.etcd, tls + "server-ca.crt", tls + "client");
    remove(tls + "client.key");
    EXPECT_EQ(error(platform).what(),
              "cannot find the key of the client certificate for etcd: there is no " +
                  shown(tls + "client.key"));
  }
}

TEST_F(FindControlPlane, LeavesTheNodesNameOpenWhereItIsNotWritten) {
  testing::make_k3s_node(root());
  for (const char* name : {"", "cp-0", "cp-0-123456789"}) {
    write("var/lib/rancher/k3s/server/db/etcd/name", name);
    EXPECT_EQ(find(Platform::kK3s).node_name, "") << name;
  }
  remove("var/lib/rancher/k3s/server/db");
  EXPECT_EQ(find(Platform::kK3s).node_name, "");
}

TEST_F(FindControlPlane, DoesNotTakeSqliteForEtcd) {
  testing::make_k3s_node(root());
  write("var/lib/rancher/k3s/server/db/state.db", "SQLite");
  EXPECT_EQ(detect(), Platform::kK3s) << "moved to etcd, with the old file still there";
  remove("var/lib/rancher/k3s/server/db/etcd");
  EXPECT_EQ(detect(), Platform::kNone);
  const base::Error error = this->error(Platform::kK3s);
  EXPECT_EQ(error.code(), Code::kNotFound);
  EXPECT_THAT(error.what(), HasSubstr("SQLite"));
}

// ---- Every platform ---------------------------------------------------------------------------

TEST_F(FindControlPlane, SaysWhatIsMissingOnAnEmptyNode) {
  write("etc/hostname", "cp-0\n");
  for (const Platform platform :
       {Platform::kOpenShift, Platform::kKubeadm, Platform::kK3s, Platform::kRke2}) {
    const base::Error error = this->error(platform);
    EXPECT_EQ(error.code(), Code::kNotFound) << platform_name(platform);
    EXPECT_THAT(error.what(), HasSubstr(root())) << platform_name(platform);
    EXPECT_THAT(error.hint(), HasSubstr("--platform none")) << platform_name(platform);
  }
}

TEST_F(FindControlPlane, SaysWhatItMayNotRead) {
  if (::geteuid() != 0) GTEST_SKIP() << "becoming another user needs root";
  testing::make_openshift_node(root(), one_revision());
  testing::make_kubeadm_node(root());
  ::chmod(folder_.path().c_str(), 0755);
  ::chmod(shown("etc/kubernetes/static-pod-resources").c_str(), 0700);
  ::chmod(shown("etc/kubernetes/pki/etcd/healthcheck-client.key").c_str(), 0600);
  ASSERT_EQ(::seteuid(65534), 0);
  EXPECT_EQ(detect(), Platform::kOpenShift);
  const base::Error folder = error(Platform::kOpenShift);
  const base::Error file = error(Platform::kKubeadm);
  ASSERT_EQ(::seteuid(0), 0);
  EXPECT_EQ(folder.code(), Code::kDenied);
  EXPECT_THAT(folder.what(), HasSubstr(kEtcdEnv));
  EXPECT_EQ(file.code(), Code::kDenied);
  EXPECT_THAT(file.what(), HasSubstr("healthcheck-client.key"));
}

}  // namespace
}  // namespace lifeboat::node
