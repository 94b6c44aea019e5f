/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VFIO device through its character device and iommufd: open, attach, map a BAR, interrupts.
 * Negative errnos on failure.
 */
#ifndef GUEST_VFIO_H
#define GUEST_VFIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** @dev_id: the device's id in iommufd. */
typedef struct VfioDevice {
    int fd;
    uint32_t dev_id;
} VfioDevice;

/** Open the function called @name, which is bound to vfio-pci, and bind it to @iommufd. */
int vfio_open(VfioDevice *v, int iommufd, const char *name);
void vfio_close(VfioDevice *v);

/** Put the function, or with @pasid only that PASID of it, into @pt (a domain or an IOAS). */
int vfio_attach(VfioDevice *v, uint32_t pt);
int vfio_detach(VfioDevice *v);
bool vfio_knows_pasids(VfioDevice *v); /* whether the kernel has the next two: Linux 6.15 */
int vfio_attach_pasid(VfioDevice *v, uint32_t pt, uint32_t pasid);
int vfio_detach_pasid(VfioDevice *v, uint32_t pasid);

/** Map BAR @bar; its size in @size. NULL on failure. */
void *vfio_map_bar(VfioDevice *v, unsigned bar, size_t *size);

/** Configuration space; @size 1, 2 or 4. */
uint32_t vfio_config_read(VfioDevice *v, unsigned offset, unsigned size);
void vfio_config_write(VfioDevice *v, unsigned offset, uint32_t value, unsigned size);

/** Allow or forbid the function to master the bus: VFIO leaves it forbidden. */
void vfio_bus_master(VfioDevice *v, bool on);

/** Function level reset. */
int vfio_reset(VfioDevice *v);

/** Signal @events[i], an eventfd, for MSI-X vector i; @count 0 turns MSI-X off. */
int vfio_msix(VfioDevice *v, const int *events, unsigned count);

#endif
