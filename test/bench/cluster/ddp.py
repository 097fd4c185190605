# One rank of PyTorch's DistributedDataParallel over gloo: samples a second of all ranks, as a JSON line.
#   python3 ddp.py RANK WORLD MASTER WORK STEPS
import json, os, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'train'))
rank, world, master, work, steps = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5])
sys.argv = sys.argv[:1]
os.environ.update(MASTER_ADDR=master, MASTER_PORT='29501', RANK=str(rank), WORLD_SIZE=str(world), GLOO_SOCKET_IFNAME='eth0')
import torch, torch.nn.functional as F, torch.distributed as dist
from torch_bench import WORK
torch.set_num_threads(1)
dist.init_process_group('gloo')
build, make, classes = WORK[work]
x = make()
y = torch.randint(classes, (len(x),))
model = torch.nn.parallel.DistributedDataParallel(build())
optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
spent = []
for _ in range(steps + 2):
    began = time.perf_counter()
    optimizer.zero_grad(set_to_none=True)
    F.cross_entropy(model(x), y).backward()
    optimizer.step()
    spent.append(time.perf_counter() - began)
spent = sorted(spent[2:])
print(json.dumps({'rate': len(x) * world / spent[len(spent) // 2]}), flush=True)
dist.barrier()
