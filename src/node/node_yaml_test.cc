#include "node/node_yaml.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "testing/error_of.h"

namespace lifeboat::node {
namespace {

using Kind = NodeYaml::Kind;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kPod = R"(# a comment
apiVersion: v1
spec:
  containers:
  - name: etcd
    command:
    - etcd
    - --name=cp-0
    - "--quota=10"
    - ~
    - {a: b}
    - 42
    ports: []
  hostNetwork: true
  note: |
    two
    lines
  nothing:
)";

TEST(NodeYaml, LooksUpAWholePath) {
  const NodeYaml pod = NodeYaml::parse(kPod, "etcd.yaml");
  EXPECT_EQ(pod.kind(), Kind::kMap);
  EXPECT_THAT(pod.names(), ElementsAre("apiVersion", "spec"));
  const NodeYaml& spec = pod.at("spec");
  EXPECT_EQ(spec.at("hostNetwork").text(), "true");
  EXPECT_EQ(spec.at("note").text(), "two\nlines\n");
  EXPECT_EQ(spec.at("nothing").kind(), Kind::kNull);
  ASSERT_EQ(spec.at("containers").items().size(), 1u);
  const NodeYaml& container = spec.at("containers").items()[0];
  EXPECT_EQ(container.at("name").text(), "etcd");
  EXPECT_EQ(container.at("command").items().size(), 6u);
  EXPECT_THAT(container.at("command").texts(),
              ElementsAre("etcd", "--name=cp-0", "--quota=10", "42"));
  EXPECT_EQ(container.at("ports").kind(), Kind::kList);
}

TEST(NodeYaml, HasAnEmptyValueForWhatIsNotThere) {
  const NodeYaml pod = NodeYaml::parse(kPod, "etcd.yaml");
  EXPECT_EQ(pod.at("spec").at("absent").at("name").text(), std::nullopt);
  EXPECT_EQ(pod.at("apiVersion").at("v1").kind(), Kind::kNull);
  EXPECT_THAT(pod.at("apiVersion").items(), IsEmpty());
  EXPECT_THAT(pod.items(), IsEmpty());
  EXPECT_THAT(pod.at("spec").at("containers").names(), IsEmpty());
  EXPECT_EQ(pod.at("spec").text(), std::nullopt);
}

TEST(NodeYaml, ReadsJson) {
  const NodeYaml pod =
      NodeYaml::parse(R"({"spec":{"containers":[{"name":"etcd","args":["a\u0062"]}]},)"
                      R"("n":1,"z":null,"e":{}})",
                      "pod.yaml");
  EXPECT_THAT(pod.at("spec").at("containers").items()[0].at("args").texts(), ElementsAre("ab"));
  EXPECT_EQ(pod.at("n").text(), "1");
  EXPECT_EQ(pod.at("z").kind(), Kind::kNull);
  EXPECT_EQ(pod.at("e").kind(), Kind::kMap);
}

TEST(NodeYaml, TakesEmptyDocumentsAroundOne) {
  EXPECT_EQ(NodeYaml::parse("", "p").kind(), Kind::kNull);
  EXPECT_EQ(NodeYaml::parse("# nothing\n", "p").kind(), Kind::kNull);
  EXPECT_EQ(NodeYaml::parse("---\na: b\n", "p").at("a").text(), "b");
  EXPECT_EQ(NodeYaml::parse("a: b\n---\n", "p").at("a").text(), "b");
  EXPECT_EQ(NodeYaml::parse("a: b\n...\n", "p").at("a").text(), "b");
  EXPECT_EQ(NodeYaml::parse("a: b\r\nc: d\r\n", "p").at("a").text(), "b");
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

struct Bad {
  std::string text;
  std::string message;
};

TEST(NodeYaml, RefusesEverythingElseWithItsLine) {
  const std::vector<Bad> cases = {
      {"a: [b", "manifest line 1: not valid YAML"},
      {"a: b\n  c: d", "manifest line 2: not valid YAML"},
      {"a: b\n}", "manifest line 2: not valid YAML"},
      {"a: \"b", "not valid YAML"},
      {"\t- a", "not valid YAML"},
      {"a: b\na: c", "manifest line 2: a is there twice"},
      {"x:\n  \"\\u0007\": 1\n  \"\\u0007\": 2\n", "manifest line 3: ? is there twice"},
      {"a: &x [b]\nc: *x", "manifest line 2: an alias"},
      {"a: *x", "manifest line 1: not valid YAML"},
      {"? [a]\n: b", "manifest line 1: not a name"},
      {"{a: b}: c", "manifest line 1: not a name"},
      {"~: b", "manifest line 1: not a name"},
      {"a: b\n---\nc: d", "manifest: more than one YAML document"},
      {"a: b\n---\n---\n- d", "manifest: more than one YAML document"},
      {"a: b\n...\nrubbish: [", "not valid YAML"},
      {nested(65), "manifest line 1: values nested too deep"},
      {std::string(kNodeYamlMaxBytes + 1, ' '), "manifest: more than 1048576 bytes"},
  };
  for (const Bad& bad : cases) {
    const base::Error error = error_of([&] { NodeYaml::parse(bad.text, "manifest"); });
    EXPECT_EQ(error.code(), base::Code::kInvalid);
    EXPECT_THAT(error.what(), HasSubstr(bad.message)) << bad.text.substr(0, 100);
  }
  EXPECT_EQ(NodeYaml::parse(nested(64), "manifest").kind(), Kind::kList);
}

// Each of these would take much time, stack or memory, or never end.
TEST(NodeYaml, IsNotKeptBusy) {
  std::string bomb = "a: &a [x, x]\n";
  for (char name = 'b'; name < 'z'; ++name) {
    const std::string before(1, static_cast<char>(name - 1));
    bomb += std::string(1, name) + ": &" + name + " [*" + before + ", *" + before + "]\n";
  }
  const std::size_t size = 20'000;
  std::vector<std::string> texts = {bomb, "&a [*a]"};
  for (const std::string_view piece : {"[", "{", "- ", "? ", "{a: ", "---\n", "!a ", "&a ", "\"",
                                       "a:\n", "%a\n", "]", ": ", "\xff\xfe", "|\n"}) {
    std::string text;
    while (text.size() < size) text += piece;
    texts.push_back(std::move(text));
  }
  for (const std::string& text : texts) {
    try {
      NodeYaml::parse(text, "manifest");
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kInvalid) << text.substr(0, 20);
    }
  }
}

TEST(NodeYaml, SurvivesEveryCutAndManyBytes) {
  const auto survives = [](std::string_view text) {
    try {
      NodeYaml::parse(text, "manifest");
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kInvalid);
    }
  };
  for (std::size_t at = 0; at < kPod.size(); ++at) {
    survives(kPod.substr(0, at));
    std::string changed(kPod);
    for (const char byte : {'\0', ':', '[', '"', '*', '\xff'}) {
      changed[at] = byte;
      survives(changed);
    }
  }
}

}  // namespace
}  // namespace lifeboat::node
