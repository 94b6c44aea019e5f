/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VFIO device through its character device and iommufd. */
#include "vfio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

static int result(int answer)
{
    return answer < 0 ? -errno : 0;
}

int vfio_open(VfioDevice *v, int iommufd, const char *name)
{
    struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = iommufd };
    char path[300];
    struct dirent *entry;
    DIR *directory;
    int error;

    *v = (VfioDevice) { .fd = -1 };
    /* The number of the character device is in the function's own directory. */
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", name);
    directory = opendir(path);
    if (!directory) {
        return -errno;
    }
    while ((entry = readdir(directory)) && strncmp(entry->d_name, "vfio", 4)) {
    }
    if (entry) {
        snprintf(path, sizeof(path), "/dev/vfio/devices/%.32s", entry->d_name);
    }
    closedir(directory);
    if (!entry) {
        return -ENODEV;
    }
    v->fd = open(path, O_RDWR | O_CLOEXEC);
    if (v->fd < 0) {
        return -errno;
    }
    error = result(ioctl(v->fd, VFIO_DEVICE_BIND_IOMMUFD, &bind));
    if (error) {
        vfio_close(v);
        return error;
    }
    v->dev_id = bind.out_devid;
    return 0;
}

void vfio_close(VfioDevice *v)
{
    if (v->fd >= 0) {
        close(v->fd);
    }
    v->fd = -1;
}

int vfio_attach(VfioDevice *v, uint32_t pt)
{
    struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach), .pt_id = pt };

    return result(ioctl(v->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach));
}

int vfio_detach(VfioDevice *v)
{
    struct vfio_device_detach_iommufd_pt detach = { .argsz = sizeof(detach) };

    return result(ioctl(v->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach));
}

bool vfio_knows_pasids(VfioDevice *v)
{
    /* No such domain, or no such flag: the flag is looked at first. */
    return vfio_attach_pasid(v, 0, 1) != -EINVAL;
}

int vfio_attach_pasid(VfioDevice *v, uint32_t pt, uint32_t pasid)
{
    struct vfio_device_attach_iommufd_pt attach = {
        .argsz = sizeof(attach),
        .flags = VFIO_DEVICE_ATTACH_PASID,
        .pt_id = pt,
        .pasid = pasid,
    };

    return result(ioctl(v->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach));
}

int vfio_detach_pasid(VfioDevice *v, uint32_t pasid)
{
    struct vfio_device_detach_iommufd_pt detach = {
        .argsz = sizeof(detach),
        .flags = VFIO_DEVICE_DETACH_PASID,
        .pasid = pasid,
    };

    return result(ioctl(v->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach));
}

static int region(VfioDevice *v, unsigned index, struct vfio_region_info *info)
{
    *info = (struct vfio_region_info) { .argsz = sizeof(*info), .index = index };
    return result(ioctl(v->fd, VFIO_DEVICE_GET_REGION_INFO, info));
}

void *vfio_map_bar(VfioDevice *v, unsigned bar, size_t *size)
{
    struct vfio_region_info info;
    void *map;

    if (region(v, VFIO_PCI_BAR0_REGION_INDEX + bar, &info)) {
        return NULL;
    }
    map = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, info.offset);
    *size = info.size;
    return map == MAP_FAILED ? NULL : map;
}

uint32_t vfio_config_read(VfioDevice *v, unsigned offset, unsigned size)
{
    struct vfio_region_info info;
    uint32_t value = 0;

    if (region(v, VFIO_PCI_CONFIG_REGION_INDEX, &info) ||
        pread(v->fd, &value, size, info.offset + offset) != (ssize_t)size) {
        return ~0u;
    }
    return value;
}

void vfio_config_write(VfioDevice *v, unsigned offset, uint32_t value, unsigned size)
{
    struct vfio_region_info info;

    if (region(v, VFIO_PCI_CONFIG_REGION_INDEX, &info) ||
        pwrite(v->fd, &value, size, info.offset + offset) != (ssize_t)size) {
        perror("write to configuration space");
    }
}

void vfio_bus_master(VfioDevice *v, bool on)
{
    uint32_t command = vfio_config_read(v, PCI_COMMAND, 2) & ~PCI_COMMAND_MASTER;

    vfio_config_write(v, PCI_COMMAND, command | (on ? PCI_COMMAND_MASTER : 0), 2);
}

int vfio_reset(VfioDevice *v)
{
    return result(ioctl(v->fd, VFIO_DEVICE_RESET));
}

int vfio_msix(VfioDevice *v, const int *events, unsigned count)
{
    size_t size = sizeof(struct vfio_irq_set) + count * sizeof(int);
    struct vfio_irq_set *set = calloc(1, size);
    int error;

    if (!set) {
        return -ENOMEM;
    }
    set->argsz = size;
    set->flags = VFIO_IRQ_SET_ACTION_TRIGGER |
                 (count ? VFIO_IRQ_SET_DATA_EVENTFD : VFIO_IRQ_SET_DATA_NONE);
    set->index = VFIO_PCI_MSIX_IRQ_INDEX;
    set->count = count;
    memcpy(set->data, events, count * sizeof(int));
    error = result(ioctl(v->fd, VFIO_DEVICE_SET_IRQS, set));
    free(set);
    return error;
}
