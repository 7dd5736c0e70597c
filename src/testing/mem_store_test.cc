#include "testing/mem_store.h"

#include "testing/store_contract.h"

namespace lifeboat::testing {
namespace {

class MemStoreFixture : public StoreFixture {
 public:
  store::Store& store() override { return store_; }
  std::unique_ptr<store::Store> second_view() override {
    return std::make_unique<MemStore>(content_);
  }
  void set_remote(bool remote) { store_.set_remote(remote); }

 private:
  std::shared_ptr<MemStore::Content> content_ = std::make_shared<MemStore::Content>();
  MemStore store_{content_};
};

template <bool kRemote>
std::unique_ptr<StoreFixture> make_fixture() {
  auto fixture = std::make_unique<MemStoreFixture>();
  fixture->set_remote(kRemote);
  return fixture;
}

INSTANTIATE_TEST_SUITE_P(MemStore, StoreContract,
                         ::testing::Values(&make_fixture<false>, &make_fixture<true>));

TEST(MemStore, KeepsItsContentWhileOneViewLives) {
  const auto content = std::make_shared<MemStore::Content>();
  MemStore first(content);
  store::put_text(first, "a/blob", "seen");
  MemStore second(content);
  EXPECT_EQ(store::get_text(second, "a/blob", 100), "seen");
  MemStore stranger;
  EXPECT_EQ(stranger.size_bytes("a/blob"), std::nullopt);
}

}  // namespace
}  // namespace lifeboat::testing
