#include "recorder/encode/acknowledgements.h"

#include <algorithm>

namespace ecluse::encode {

void Acknowledgements::add(std::uint64_t intake)
{
    if (!runs_.empty() && runs_.back().intake == intake)
        ++runs_.back().count;
    else
        runs_.push_back({1, intake});
}

void Acknowledgements::pictured()
{
    for (auto& run : runs_)
        if (run.intake == not_shown) run.intake = in_picture;
}

void Acknowledgements::written_as(std::uint64_t intake)
{
    for (auto& run : runs_)
        if (run.intake == in_picture) run.intake = intake;
}

std::uint64_t Acknowledgements::on_disk(std::uint64_t intake)
{
    intake_on_disk_ = std::max(intake_on_disk_, intake);
    while (!runs_.empty() && runs_.front().intake <= intake_on_disk_) {
        acknowledged_ += runs_.front().count;
        runs_.pop_front();
    }
    return acknowledged_;
}

} // namespace ecluse::encode
