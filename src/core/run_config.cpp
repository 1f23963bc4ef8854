#include "lian/core/run_config.hpp"

#include <algorithm>

namespace lian {
inline namespace v0 {

Context RunnableConfig::apply(Context context) const {
  for (const std::string& tag : tags_)
    if (std::find(context.tags().begin(), context.tags().end(), tag) == context.tags().end())
      context = context.with_tag(tag);
  for (const auto& entry : metadata_)
    if (!context.metadata().find(entry.name))
      context = context.with_metadata(entry.name, entry.value);
  for (const std::shared_ptr<Handler>& handler : callbacks_)
    context = context.with_handler(handler);
  if (max_concurrency_) context = context.with_concurrency(*max_concurrency_);
  return context;
}

}  // namespace v0
}  // namespace lian
