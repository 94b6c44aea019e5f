/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The iommufd ioctls as functions. */
#include "iommufd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

/* Every request begins with its size, by which the kernel knows the version of the structure. */
#define CALL(fd, request, argument) (ioctl((fd), (request), &(argument)) < 0 ? -errno : 0)

int iommufd_open(void)
{
    int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

int iommufd_destroy(int fd, uint32_t id)
{
    struct iommu_destroy destroy = { .size = sizeof(destroy), .id = id };

    return CALL(fd, IOMMU_DESTROY, destroy);
}

int ioas_alloc(int fd)
{
    struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
    int error = CALL(fd, IOMMU_IOAS_ALLOC, alloc);

    return error ? error : (int)alloc.out_ioas_id;
}

int ioas_huge_pages(int fd, uint32_t ioas, bool on)
{
    struct iommu_option option = {
        .size = sizeof(option),
        .option_id = IOMMU_OPTION_HUGE_PAGES,
        .op = IOMMU_OPTION_OP_SET,
        .object_id = ioas,
        .val64 = on,
    };

    return CALL(fd, IOMMU_OPTION, option);
}

int ioas_map(int fd, uint32_t ioas, const void *va, uint64_t length, uint64_t iova,
             uint32_t rights)
{
    struct iommu_ioas_map map = {
        .size = sizeof(map),
        .flags = IOMMU_IOAS_MAP_FIXED_IOVA | rights,
        .ioas_id = ioas,
        .user_va = (uintptr_t)va,
        .length = length,
        .iova = iova,
    };

    return CALL(fd, IOMMU_IOAS_MAP, map);
}

int ioas_unmap(int fd, uint32_t ioas, uint64_t iova, uint64_t length)
{
    struct iommu_ioas_unmap unmap = {
        .size = sizeof(unmap),
        .ioas_id = ioas,
        .iova = iova,
        .length = length,
    };

    return CALL(fd, IOMMU_IOAS_UNMAP, unmap);
}

int hw_info(int fd, uint32_t dev_id, void *data, size_t length, struct iommu_hw_info *info)
{
    *info = (struct iommu_hw_info) {
        .size = sizeof(*info),
        .dev_id = dev_id,
        .data_len = length,
        .data_uptr = (uintptr_t)data,
    };
    return CALL(fd, IOMMU_GET_HW_INFO, *info);
}

static int alloc(int fd, struct iommu_hwpt_alloc *request)
{
    int error = CALL(fd, IOMMU_HWPT_ALLOC, *request);

    return error ? error : (int)request->out_hwpt_id;
}

int hwpt_alloc(int fd, uint32_t dev_id, uint32_t ioas, uint32_t flags)
{
    struct iommu_hwpt_alloc request = {
        .size = sizeof(request),
        .flags = flags,
        .dev_id = dev_id,
        .pt_id = ioas,
    };

    return alloc(fd, &request);
}

int hwpt_alloc_fault(int fd, uint32_t dev_id, uint32_t ioas, uint32_t flags, uint32_t fault)
{
    struct iommu_hwpt_alloc request = {
        .size = sizeof(request),
        .flags = flags | IOMMU_HWPT_FAULT_ID_VALID,
        .dev_id = dev_id,
        .pt_id = ioas,
        .fault_id = fault,
    };

    return alloc(fd, &request);
}

int hwpt_alloc_nested(int fd, uint32_t dev_id, uint32_t parent, uint32_t flags, uint32_t type,
                      const void *data, size_t length)
{
    struct iommu_hwpt_alloc request = {
        .size = sizeof(request),
        .flags = flags,
        .dev_id = dev_id,
        .pt_id = parent,
        .data_type = type,
        .data_len = length,
        .data_uptr = (uintptr_t)data,
    };

    return alloc(fd, &request);
}

int hwpt_alloc_nested_fault(int fd, uint32_t dev_id, uint32_t parent, uint32_t type,
                            const void *data, size_t length, uint32_t fault)
{
    struct iommu_hwpt_alloc request = {
        .size = sizeof(request),
        .flags = IOMMU_HWPT_FAULT_ID_VALID,
        .dev_id = dev_id,
        .pt_id = parent,
        .data_type = type,
        .data_len = length,
        .data_uptr = (uintptr_t)data,
        .fault_id = fault,
    };

    return alloc(fd, &request);
}

int hwpt_invalidate(int fd, uint32_t id, uint32_t type, const void *requests, size_t size,
                    uint32_t count, uint32_t *done)
{
    struct iommu_hwpt_invalidate invalidate = {
        .size = sizeof(invalidate),
        .hwpt_id = id,
        .data_uptr = (uintptr_t)requests,
        .data_type = type,
        .entry_len = size,
        .entry_num = count,
    };
    int error = CALL(fd, IOMMU_HWPT_INVALIDATE, invalidate);

    if (done) {
        *done = invalidate.entry_num;
    }
    return error;
}

int hwpt_set_dirty_tracking(int fd, uint32_t hwpt, bool on)
{
    struct iommu_hwpt_set_dirty_tracking set = {
        .size = sizeof(set),
        .flags = on ? IOMMU_HWPT_DIRTY_TRACKING_ENABLE : 0,
        .hwpt_id = hwpt,
    };

    return CALL(fd, IOMMU_HWPT_SET_DIRTY_TRACKING, set);
}

int hwpt_get_dirty(int fd, uint32_t hwpt, uint64_t iova, uint64_t length, uint64_t page,
                   uint64_t *bitmap, uint32_t flags)
{
    struct iommu_hwpt_get_dirty_bitmap get = {
        .size = sizeof(get),
        .hwpt_id = hwpt,
        .flags = flags,
        .iova = iova,
        .length = length,
        .page_size = page,
        .data = (uintptr_t)bitmap,
    };

    return CALL(fd, IOMMU_HWPT_GET_DIRTY_BITMAP, get);
}

int fault_queue_alloc(int fd, int *queue_fd)
{
    struct iommu_fault_alloc request = { .size = sizeof(request) };
    int error = CALL(fd, IOMMU_FAULT_QUEUE_ALLOC, request);

    *queue_fd = error ? -1 : (int)request.out_fault_fd;
    return error ? error : (int)request.out_fault_id;
}

int viommu_alloc(int fd, uint32_t dev_id, uint32_t parent, uint32_t type)
{
    struct iommu_viommu_alloc request = {
        .size = sizeof(request),
        .type = type,
        .dev_id = dev_id,
        .hwpt_id = parent,
    };
    int error = CALL(fd, IOMMU_VIOMMU_ALLOC, request);

    return error ? error : (int)request.out_viommu_id;
}

int vdevice_alloc(int fd, uint32_t viommu, uint32_t dev_id, uint64_t virt_id)
{
    struct iommu_vdevice_alloc request = {
        .size = sizeof(request),
        .viommu_id = viommu,
        .dev_id = dev_id,
        .virt_id = virt_id,
    };
    int error = CALL(fd, IOMMU_VDEVICE_ALLOC, request);

    return error ? error : (int)request.out_vdevice_id;
}

int veventq_alloc(int fd, uint32_t viommu, uint32_t type, uint32_t depth, int *queue_fd)
{
    struct iommu_veventq_alloc request = {
        .size = sizeof(request),
        .viommu_id = viommu,
        .type = type,
        .veventq_depth = depth,
    };
    int error = CALL(fd, IOMMU_VEVENTQ_ALLOC, request);

    *queue_fd = error ? -1 : (int)request.out_veventq_fd;
    return error ? error : (int)request.out_veventq_id;
}
