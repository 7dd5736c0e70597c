#include "node/static_pods.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "node/archive_files.h"
#include "testing/node_tree.h"
#include "testing/temp_folder.h"

namespace lifeboat::node {
namespace {

using lifeboat::testing::TempFolder;
using lifeboat::testing::write_node_file;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kKubernetes = "etc/kubernetes/";
const std::string kServer = "var/lib/rancher/k3s/server/";

struct NullSink : base::Sink {
  void write(base::Bytes) override {}
  void finish() override {}
};

struct StaticPodsTest : ::testing::Test {
  void write(const std::string& path, std::string_view content = "content") {
    write_node_file(root.path(), path, content);
  }
  void link(const std::string& target, const std::string& path) {
    std::filesystem::create_directories(std::filesystem::path(root.path(path)).parent_path());
    std::filesystem::create_symlink(target, root.path(path));
  }
  void remove(const std::string& path) { std::filesystem::remove_all(root.path(path)); }
  // The live manifest of a pod, as far as it matters, and a folder of that revision.
  void write_pod(const std::string& pod, int revision) {
    const std::string folder = pod + "-pod-" + std::to_string(revision);
    write(kKubernetes + "manifests/" + pod + "-pod.yaml",
          R"({"volumes":[{"hostPath":{"path":"/etc/kubernetes/static-pod-resources/)" + folder +
              R"("}}]})");
    write(kKubernetes + "static-pod-resources/" + folder + "/" + pod + "-pod.yaml");
  }
  void write_openshift() {
    for (const char* pod :
         {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}) {
      write_pod(pod, 7);
    }
  }
  void write_kubeadm_manifests() {
    for (const char* pod :
         {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}) {
      write(kKubernetes + "manifests/" + pod + ".yaml");
    }
  }
  StaticPods find(Platform platform) {
    return find_static_pods(*os::open_host_tree(root.path()), platform, vaults, {});
  }
  // The revision's folder of etcd if its manifest has this text.
  StaticPods find_with_manifest(std::string_view text) {
    write(kKubernetes + "manifests/etcd-pod.yaml", text);
    return find(Platform::kOpenShift);
  }

  TempFolder root;
  std::vector<os::FileId> vaults;
};

const auto kThree = ElementsAre("static-pod-resources/kube-apiserver-pod-7",
                                "static-pod-resources/kube-controller-manager-pod-7",
                                "static-pod-resources/kube-scheduler-pod-7");
const auto kFour =
    ElementsAre("static-pod-resources/etcd-pod-7", "static-pod-resources/kube-apiserver-pod-7",
                "static-pod-resources/kube-controller-manager-pod-7",
                "static-pod-resources/kube-scheduler-pod-7");

TEST_F(StaticPodsTest, TakesTheRevisionsThatTheLiveManifestsName) {
  write_openshift();
  write(kKubernetes + "static-pod-resources/etcd-pod-6/etcd-pod.yaml");
  write(kKubernetes + "static-pod-resources/etcd-pod-8/etcd-pod.yaml");  // the newest
  const StaticPods pods = find(Platform::kOpenShift);
  EXPECT_EQ(pods.base, "etc/kubernetes");
  EXPECT_THAT(pods.paths, kFour);
  EXPECT_THAT(pods.problems, IsEmpty());
}

TEST_F(StaticPodsTest, ReadsTheManifestAsTheOfficialScriptDoes) {
  write_openshift();
  const std::string folder = "/etc/kubernetes/static-pod-resources/";
  const std::string texts[] = {
      folder + "etcd-pod-7",
      folder + "etcd-pod-7/secrets and " + folder + "etcd-pod-6",
      folder + "etcd-pod-\n" + folder + "etcd-pod-7\n",
      folder + "kube-apiserver-pod-8 " + folder + "etcd-pod-x " + folder + "etcd-pod-7x",
      "static-pod-resources/etcd-pod-6 /etc/kubernetes/static-pod-certs/etcd-pod-6 " + folder +
          "etcd-certs " + folder + "etcd-pod-7",
      std::string("\0\xff", 2) + "hostPath:\n  path: \"" + folder + "etcd-pod-7\"\n",
  };
  for (const std::string& text : texts) {
    const StaticPods pods = find_with_manifest(text);
    EXPECT_THAT(pods.paths, kFour) << text;
    EXPECT_THAT(pods.problems, IsEmpty()) << text;
  }
}

TEST_F(StaticPodsTest, NamesAManifestWithoutARevision) {
  write_openshift();
  const std::string folder = "/etc/kubernetes/static-pod-resources/";
  const std::string texts[] = {
      "",
      "etcd-pod-7",
      folder,
      folder + "etcd-pod-",
      folder + "etcd-pod--7",
      folder + "etcd-pod_7",
      folder + "etcd-pod-x7",
      folder + "etcd-pod-../7",
      folder + "Etcd-pod-7",
      folder + "kube-scheduler-pod-7",
      folder + "etcd-pod-77777777777777777777",
      "kubernetes/static-pod-resources/etcd-pod-7",
  };
  for (const std::string& text : texts) {
    const StaticPods pods = find_with_manifest(text);
    EXPECT_THAT(pods.paths, kThree) << text;
    EXPECT_THAT(pods.problems, ElementsAre(HasSubstr("manifests/etcd-pod.yaml names no revision")))
        << text;
  }
}

TEST_F(StaticPodsTest, NamesAManifestThatIsMissing) {
  write_openshift();
  remove(kKubernetes + "manifests/etcd-pod.yaml");
  const StaticPods pods = find(Platform::kOpenShift);
  EXPECT_THAT(pods.paths, kThree);
  EXPECT_THAT(pods.problems, ElementsAre("the static pod resources are not whole: there is no " +
                                         root.path(kKubernetes + "manifests/etcd-pod.yaml")));
}

TEST_F(StaticPodsTest, NamesAManifestThatCannotBeOne) {
  write_openshift();
  EXPECT_THAT(find_with_manifest(std::string(1'100'000, 'x')).problems,
              ElementsAre(HasSubstr("etcd-pod.yaml: it has more than")));
  remove(kKubernetes + "manifests/etcd-pod.yaml");
  write(kKubernetes + "manifests/etcd-pod.yaml/file");
  EXPECT_THAT(find(Platform::kOpenShift).problems, ElementsAre(HasSubstr("etcd-pod.yaml")));
}

// Never the newest instead: it may be one that the operator is still writing.
TEST_F(StaticPodsTest, NamesARevisionThatIsNotThere) {
  write_openshift();
  remove(kKubernetes + "static-pod-resources/etcd-pod-7");
  write(kKubernetes + "static-pod-resources/etcd-pod-8/etcd-pod.yaml");
  const StaticPods pods = find(Platform::kOpenShift);
  EXPECT_THAT(pods.paths, kThree);
  EXPECT_THAT(pods.problems, ElementsAre(HasSubstr("static-pod-resources/etcd-pod-7, and there")));
  write(kKubernetes + "static-pod-resources/etcd-pod-7", "a file");
  EXPECT_THAT(find(Platform::kOpenShift).paths, kThree);
}

TEST_F(StaticPodsTest, TakesTheEtcdOfOpenShiftsFirstVersions) {
  write_openshift();
  write(kKubernetes + "static-pod-resources/etcd-member/ca.crt");
  EXPECT_THAT(find(Platform::kOpenShift).paths, kFour);  // a leftover of an upgrade
  std::filesystem::rename(root.path(kKubernetes + "manifests/etcd-pod.yaml"),
                          root.path(kKubernetes + "manifests/etcd-member.yaml"));
  const StaticPods pods = find(Platform::kOpenShift);
  ASSERT_EQ(pods.paths.size(), 4U);
  EXPECT_EQ(pods.paths[0], "static-pod-resources/etcd-member");
  EXPECT_THAT(pods.problems, IsEmpty());
}

TEST_F(StaticPodsTest, AreManifestsAndPkiOfKubeadm) {
  write_kubeadm_manifests();
  write(kKubernetes + "pki/ca.crt");
  write(kKubernetes + "kubelet.conf");
  const StaticPods pods = find(Platform::kKubeadm);
  EXPECT_EQ(pods.base, "etc/kubernetes");
  EXPECT_THAT(pods.paths, ElementsAre("manifests", "pki"));
  EXPECT_THAT(pods.problems, IsEmpty());
  remove(kKubernetes + "pki");
  EXPECT_THAT(find(Platform::kKubeadm).paths, ElementsAre("manifests"));
  EXPECT_THAT(find(Platform::kKubeadm).problems, ElementsAre(HasSubstr("etc/kubernetes/pki")));
}

TEST_F(StaticPodsTest, AreTokenTlsAndCredOfK3sAndRke2) {
  for (const char* name : {"token", "tls/ca.crt", "cred/admin.kubeconfig", "db/etcd/member"}) {
    write(kServer + name);
    write(std::string("var/lib/rancher/rke2/server/") + name);
  }
  const StaticPods pods = find(Platform::kK3s);
  EXPECT_EQ(pods.base + "/", kServer);
  EXPECT_THAT(pods.paths, ElementsAre("cred", "tls", "token"));
  EXPECT_THAT(pods.problems, IsEmpty());
  EXPECT_EQ(find(Platform::kRke2).base, "var/lib/rancher/rke2/server");
  EXPECT_THAT(find(Platform::kRke2).paths, ElementsAre("cred", "tls", "token"));
  remove(kServer);
  EXPECT_THAT(find(Platform::kK3s).paths, IsEmpty());
  EXPECT_EQ(find(Platform::kK3s).problems.size(), 3U);
}

TEST_F(StaticPodsTest, TakesWhatALinkOfTheBaseLeadsTo) {
  write_kubeadm_manifests();
  write(kKubernetes + "ssl/ca.crt");
  for (const char* target : {"ssl", "./x/..//ssl/", "/etc/kubernetes/ssl", "../kubernetes/ssl"}) {
    link(target, kKubernetes + "pki");
    const StaticPods pods = find(Platform::kKubeadm);
    EXPECT_THAT(pods.paths, ElementsAre("manifests", "pki", "ssl")) << target;
    EXPECT_THAT(pods.problems, IsEmpty()) << target;
    remove(kKubernetes + "pki");
  }
}

TEST_F(StaticPodsTest, TakesNothingTwice) {
  for (const char* name : {"tls/token", "cred/file"}) write(kServer + name);
  link("tls/token", kServer + "token");
  const StaticPods pods = find(Platform::kK3s);
  EXPECT_THAT(pods.paths, ElementsAre("cred", "tls", "token"));
  EXPECT_THAT(pods.problems, IsEmpty());
}

TEST_F(StaticPodsTest, NamesALinkThatLeadsToNothingThatIsArchived) {
  const std::pair<const char*, const char*> links[] = {
      {"/srv/pki", "leads out of"},     {"../../srv", "leads out of"},
      {"/etc/kubernetes", "leads out"}, {"/etc/kubernetes-pki", "leads out of"},
      {"../../..", "leads out of"},     {"nowhere", "there is no"},
      {"pki", "symbolic links"},        {".", "leads out of"},
  };
  write_kubeadm_manifests();
  for (const auto& [target, problem] : links) {
    link(target, kKubernetes + "pki");
    const StaticPods pods = find(Platform::kKubeadm);
    EXPECT_THAT(pods.paths, ElementsAre("manifests", "pki")) << target;
    EXPECT_THAT(pods.problems, ElementsAre(HasSubstr(problem))) << target;
    remove(kKubernetes + "pki");
  }
}

TEST_F(StaticPodsTest, NamesALoopOfLinksInsteadOfEndingTheBackup) {
  const std::pair<const char*, Platform> loops[] = {
      {"manifests", Platform::kKubeadm},
      {"pki", Platform::kKubeadm},
      {"manifests", Platform::kOpenShift},
      {"static-pod-resources", Platform::kOpenShift},
  };
  for (const auto& [folder, platform] : loops) {
    write_openshift();
    write(kKubernetes + "pki/ca.crt");
    remove(kKubernetes + folder);
    link("there/and", kKubernetes + folder);
    link("back", kKubernetes + "there");
    link("there", kKubernetes + "back");
    EXPECT_THAT(find(platform).problems, Contains(HasSubstr("symbolic links"))) << folder;
    remove("etc");
  }
}

TEST_F(StaticPodsTest, AreNoneWithoutAPlatform) {
  write_openshift();
  const StaticPods pods = find(Platform::kNone);
  EXPECT_THAT(pods.paths, IsEmpty());
  EXPECT_THAT(pods.problems, IsEmpty());
}

TEST_F(StaticPodsTest, NamesAManifestOfKubeadmThatIsAway) {
  write(kKubernetes + "pki/etcd/server.crt");
  for (const char* pod : {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}) {
    write_kubeadm_manifests();
    remove(kKubernetes + "manifests/" + pod + ".yaml");
    EXPECT_THAT(find(Platform::kKubeadm).problems,
                ElementsAre(HasSubstr(std::string("there is no ") +
                                      root.path(kKubernetes + "manifests/" + pod + ".yaml"))));
  }
  write_kubeadm_manifests();
  EXPECT_THAT(find(Platform::kKubeadm).problems, IsEmpty());
  // Its etcd is elsewhere.
  remove(kKubernetes + "manifests/etcd.yaml");
  remove(kKubernetes + "pki/etcd/server.crt");
  EXPECT_THAT(find(Platform::kKubeadm).problems, IsEmpty());
}

TEST_F(StaticPodsTest, HoldNoVaultThatLiesAmongThem) {
  write_kubeadm_manifests();
  write(kKubernetes + "pki/vault/prod/backups/snapshot.db");
  const auto tree = os::open_host_tree(root.path(kKubernetes + "pki/vault"));
  vaults = {tree->info("").value().id};
  const StaticPods pods = find(Platform::kKubeadm);
  EXPECT_TRUE(pods.files.contains("pki"));
  EXPECT_FALSE(pods.files.contains("pki/vault"));
  EXPECT_FALSE(pods.files.contains("pki/vault/prod"));
  NullSink sink;
  base::Progress progress;
  const auto host = os::open_host_tree(root.path());
  EXPECT_THAT(archive_static_pods(*host, pods, sink, progress, {}).problems,
              ElementsAre(HasSubstr("pki/vault, which is the vault itself")));
}

TEST_F(StaticPodsTest, AreMeasuredBeforehand) {
  write(kKubernetes + "manifests/etcd.yaml", std::string(5000, 'x'));
  write(kKubernetes + "pki/ca.crt", std::string(3'000'000, 'x'));
  write(kKubernetes + "pki/sparse");
  std::filesystem::resize_file(root.path(kKubernetes + "pki/sparse"), kArchivedFileBytesMax + 1);
  const StaticPods pods = find(Platform::kKubeadm);
  EXPECT_GE(estimate_size_bytes(pods), 3'005'000U);
  EXPECT_LE(estimate_size_bytes(pods), 3'020'000U);
  EXPECT_EQ(pods.files.at("pki/ca.crt"), 3'000'000U);
  EXPECT_EQ(pods.files.at("pki"), 0U);
}

}  // namespace
}  // namespace lifeboat::node
