# The same sum by PyTorch's gloo, for ring.ts: rank, size, address of rank 0, elements, times.
import json, os, sys, time
import torch, torch.distributed as dist
rank, size, master, elements, times = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
os.environ.update(MASTER_ADDR=master, MASTER_PORT='29500', GLOO_SOCKET_IFNAME='eth0')
torch.set_num_threads(1)
dist.init_process_group('gloo', rank=rank, world_size=size)
values, spent = torch.ones(elements), []
for _ in range(times):
    values.fill_(1)
    dist.barrier()
    started = time.perf_counter()
    dist.all_reduce(values)
    spent.append((time.perf_counter() - started) * 1000)
print(json.dumps({'spent': spent}), flush=True)
dist.barrier()
