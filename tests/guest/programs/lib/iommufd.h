/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The iommufd ioctls as functions: one call each, filled in and checked.
 *
 * All return a negative errno on failure. What makes an object returns its id; @fd is an open
 * /dev/iommu, @dev_id what binding a VFIO device to it has returned.
 */
#ifndef GUEST_IOMMUFD_H
#define GUEST_IOMMUFD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/iommufd.h>

/** Open /dev/iommu. */
int iommufd_open(void);

int iommufd_destroy(int fd, uint32_t id);

/** An empty address space. */
int ioas_alloc(int fd);

/** Whether adjacent pages may be joined to larger leaves (the default). */
int ioas_huge_pages(int fd, uint32_t ioas, bool on);

#define IOAS_RW (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#define IOAS_RO IOMMU_IOAS_MAP_READABLE

/** Map @length bytes at @va of this process to @iova with @rights. */
int ioas_map(int fd, uint32_t ioas, const void *va, uint64_t length, uint64_t iova,
             uint32_t rights);
int ioas_unmap(int fd, uint32_t ioas, uint64_t iova, uint64_t length);

/** The hardware's description, @data of @length bytes; type, capabilities and PASID width. */
int hw_info(int fd, uint32_t dev_id, void *data, size_t length, struct iommu_hw_info *info);

/** A domain the kernel fills from @ioas. @flags: IOMMU_HWPT_ALLOC_*. */
int hwpt_alloc(int fd, uint32_t dev_id, uint32_t ioas, uint32_t flags);

/** Same; its page faults go to fault queue @fault. */
int hwpt_alloc_fault(int fd, uint32_t dev_id, uint32_t ioas, uint32_t flags, uint32_t fault);

/** A domain whose first stage is the caller's own: @parent is a nesting parent or a vIOMMU. */
int hwpt_alloc_nested(int fd, uint32_t dev_id, uint32_t parent, uint32_t flags, uint32_t type,
                      const void *data, size_t length);
int hwpt_alloc_nested_fault(int fd, uint32_t dev_id, uint32_t parent, uint32_t type,
                            const void *data, size_t length, uint32_t fault);

/** Run @count invalidation requests of @size bytes each; @done: how many were carried out. */
int hwpt_invalidate(int fd, uint32_t id, uint32_t type, const void *requests, size_t size,
                    uint32_t count, uint32_t *done);

int hwpt_set_dirty_tracking(int fd, uint32_t hwpt, bool on);

/** One bit for each @page bytes of [iova, iova + length). @flags: NO_CLEAR or 0. */
int hwpt_get_dirty(int fd, uint32_t hwpt, uint64_t iova, uint64_t length, uint64_t page,
                   uint64_t *bitmap, uint32_t flags);

/** A page fault queue: its id; @queue_fd is where faults are read and answers are written. */
int fault_queue_alloc(int fd, int *queue_fd);

int viommu_alloc(int fd, uint32_t dev_id, uint32_t parent, uint32_t type);
int vdevice_alloc(int fd, uint32_t viommu, uint32_t dev_id, uint64_t virt_id);

/** The virtual event queue of @viommu: @queue_fd is where events are read. */
int veventq_alloc(int fd, uint32_t viommu, uint32_t type, uint32_t depth, int *queue_fd);

#endif
