// The least that a server in Node does: node:http reads a body and answers with as many bytes as a prediction has. What such
// a request takes is the machine's and Node's part in every figure beside it.
// node echo.ts BYTES PORT
import { createServer } from 'node:http';

const [bytes, port] = process.argv.slice(2).map(Number) as [number, number];
const answer = Buffer.alloc(bytes, 'x');
// Kept as long as the appliance keeps its connections: the others have their turns meanwhile.
createServer({ keepAliveTimeout: 65_000 }, (req, res) => {
  req.on('data', () => undefined);
  req.on('end', () => {
    res.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes });
    res.end(answer);
  });
}).listen(port, '127.0.0.1');
