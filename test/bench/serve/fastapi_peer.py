"""The usual peer: FastAPI, uvicorn with one worker, PyTorch on all threads. fastapi_peer.py mlp|table|bert PORT"""
import sys

import torch
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from torch import nn

kind, port = sys.argv[1], int(sys.argv[2])
torch.manual_seed(1)


class Bert(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(30522, 256)
        self.places = nn.Embedding(128, 256)
        layer = nn.TransformerEncoderLayer(256, 4, 1024, 0.0, "gelu", batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 4)
        self.head = nn.Linear(256, 3)

    def forward(self, ids):
        x = self.words(ids) + self.places(torch.arange(ids.shape[1]))
        return self.head(self.layers(x)[:, 0]).softmax(-1)


model = Bert() if kind == "bert" else nn.Sequential(
    nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
) if kind == "mlp" else nn.Sequential(
    nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
)
model.eval()
app = FastAPI()


class Rows(BaseModel):
    inputs: list[list[int]] if kind == "bert" else list[list[float]]


@app.post("/predict")
def predict(rows: Rows):
    with torch.inference_mode():
        return {"outputs": model(torch.tensor(rows.inputs)).tolist()}


uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)
