// What engine/jobs says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const jobsZh: Record<string, string> = {
  'Its turn comes after {1}.': '排在 {1} 之后。',
  'It begins when {1} ends.': '{1} 结束后开始。',
  'It begins when {1} gives the device back.': '{1} 归还设备后开始。',
  'It begins when {1} gives memory back.': '{1} 释放内存后开始。',
  'a threshold needs above or below': '阈值需要给出 above 或 below',
  'X-Deadline-Ms is {1}; it must be milliseconds above 0': 'X-Deadline-Ms 为 {1}；必须是大于 0 的毫秒数',
  'X-Priority is {1}; it must be {2}': 'X-Priority 为 {1}；必须是 {2}',
  '{1} is a GGUF file that was imported: the file itself is all there is.':
    '{1} 是导入的 GGUF 文件：它就是该文件本身。',
  '{1} is an ONNX file that was imported: the file itself is all there is. Train with it first to have a bundle.':
    '{1} 是导入的 ONNX 文件：它就是该文件本身。先用它训练，才会得到模型包。',
  '{1} is an ONNX file that takes tensors ({2}), not rows or texts. Deploy it and send them: POST /v2/models/NAME/infer':
    '{1} 是接受张量（{2}）的 ONNX 文件，不接受行或文本。请部署后发送张量：POST /v2/models/NAME/infer',
  '{1} is a pretrained model to begin from. Train with it first: neutrino train DATASET --target COLUMN --model pretrained --set base={2}':
    '{1} 是用作起点的预训练模型。请先用它训练：neutrino train DATASET --target COLUMN --model pretrained --set base={2}',
  'Model pretrained needs a base: neutrino models import FOLDER or FILE.onnx, then --set base=NAME':
    '模型族 pretrained 需要基座：先 neutrino models import FOLDER 或 FILE.onnx，再 --set base=NAME',
  '{1} is not a pretrained model. Import one: neutrino models import FOLDER or FILE.onnx':
    '{1} 不是预训练模型。请导入一个：neutrino models import FOLDER 或 FILE.onnx',
  '{1} is a GGUF file, which is served and not trained: import a Hugging Face folder.':
    '{1} 是 GGUF 文件，只能用于服务，不能训练：请导入 Hugging Face 文件夹。',
  '{1} was imported to be served as it is. Import it again without --as-is.':
    '{1} 是按原样服务导入的。请不带 --as-is 重新导入。',
  'the cluster port is being opened; ask again in a moment': '机房端口正在打开；请稍后再问',
  'the cluster port is closed; start without --no-cluster to open it':
    '机房端口已关闭；请不带 --no-cluster 启动以打开它',
  'no appliance is running: neutrino start': '没有 Neutrino 服务在运行：neutrino start',
  '{1} is not paired; pair it first': '{1} 尚未配对；请先配对',
  '{1} is not paired': '{1} 尚未配对',
  'Deployment {1} writes no texts. Ask it by /api/v1/deployments/{2}/predict.':
    '部署 {1} 不生成文本。请通过 /api/v1/deployments/{2}/predict 调用它。',
  'Deployment {1} writes no texts. Deploy a language model, or ask it by /api/v1.':
    '部署 {1} 不生成文本。请部署语言模型，或通过 /api/v1 调用它。',
  'A stream is of one text: send one prompt, or leave stream out.':
    '一个流只对应一段文本：请只发送一个 prompt，或去掉 stream。',
  'Deployment {1} gives no vectors of texts. Ask a language model.': '部署 {1} 不给出文本向量。请调用语言模型。',
  '{1:Importing a model|Importing {2}|Helping with a run|A new version of {3}|Training|A file of predictions|Uploading {4}} needs room: {5} MiB are free and {6} MiB must stay free. Delete datasets or models, or lower limits.freeDisk.':
    '{1:导入模型|导入 {2}|协助运行|{3} 的新版本|训练|预测文件|上传 {4}}需要空间：剩余 {5} MiB，而必须保留 {6} MiB。请删除数据集或模型，或降低 limits.freeDisk。',
  'The endpoint {1} must be scheme, host and port only, such as https://minio.lab:9000.':
    '端点 {1} 只能包含协议、主机和端口，例如 https://minio.lab:9000。',
  '{1} does not go with --kind {2}.': '{1} 与 --kind {2} 不相符。',
  'There is no credential {1}. See neutrino credentials list.': '没有凭据 {1}。请查看 neutrino credentials list。',
  'Leave name and password out of the address: neutrino credentials set keeps them in the vault.':
    '请不要在地址中写用户名和密码：neutrino credentials set 会把它们保存在保险库中。',
  '{1:No object store is|{2} is not} allowed for imports{3:| by {4}}. An admin allows it: neutrino credentials set NAME --endpoint {5:http:|https:|postgres:}//{6}.':
    '{3:|{4} }{1:没有对象存储|{2} 没有}被允许用于导入。管理员可以允许：neutrino credentials set NAME --endpoint {5:http:|https:|postgres:}//{6}。',
  '{1} is no address. Write it as s3://bucket/key or https://host/file.csv.':
    '{1} 不是地址。请写成 s3://bucket/key 或 https://host/file.csv。',
  'there is a dataset called {1} already; choose another name or delete it':
    '已有名为 {1} 的数据集；请换一个名称，或删除它',
  'The appliance was stopped during this import. Import it again.': '导入过程中 Neutrino 服务被停止。请重新导入。',
  'Name one source: path, upload, url or text.': '请指定一个来源：path、upload、url 或 text。',
  'Send the file as the body of the request.': '请将文件作为请求正文发送。',
  'Run {1} is using dataset {2}. Stop it first: neutrino runs stop {3}':
    '运行 {1} 正在使用数据集 {2}。请先停止它：neutrino runs stop {3}',
  'The dataset was deleted during its import.': '数据集在导入过程中被删除。',
  'Dataset {1} no longer has the version that is meant.': '数据集 {1} 已没有所指的版本。',
  'dataset {1} has no shape': '数据集 {1} 没有结构信息',
  'The appliance ended during this import. Import it again.': '导入过程中 Neutrino 服务意外结束。请重新导入。',
  'The query parameter options is not JSON.': '查询参数 options 不是 JSON。',
  'options.{1}: {2}': 'options.{1}：{2}',
  'Its hosts keep ending.': '它的主机不断退出。',
  '{1}@{2} is the stable model of {3} already.': '{1}@{2} 已经是 {3} 的正式模型。',
  'The other models of {1} have {2} % already; {3} % more is too much.': '{1} 的其他模型已占 {2} %；再加 {3} % 过多。',
  'Deployment {1} is {2}. Serve its stable model first.': '部署 {1} {2!}。请先让它的正式模型开始服务。',
  'Deployment {1} has no other model to promote. Add one: neutrino deploy MODEL --name {2} --canary 10':
    '部署 {1} 没有其他可转为正式的模型。请添加一个：neutrino deploy MODEL --name {2} --canary 10',
  'Deployment {1} has several other models ({2}); say which.': '部署 {1} 有多个其他模型（{2}）；请指明是哪一个。',
  'it could not be served: {1}': '无法提供服务：{1}',
  'Deployment {1} is {2}. {3:Deploy it again: neutrino deploy {4}|Try again in a moment.}':
    '部署 {1} {2!}。{3:请重新部署：neutrino deploy {4}|请稍后再试。}',
  'replicas.max ({1}) is less than replicas.min ({2}).': 'replicas.max（{1}）小于 replicas.min（{2}）。',
  'Deployment {1} has served no other model before.': '部署 {1} 此前没有服务过其他模型。',
  'A model is a canary, a shadow or a share of the traffic: give one of canary, shadow, weight.':
    '模型可以是金丝雀、影子或占一份流量：请在 canary、shadow、weight 中选一个。',
  'The key behind this session {1:expired|was revoked}. Log in with another key.':
    '此会话所用的密钥{1:已过期|已被吊销}。请用其他密钥登录。',
  '{1} of {2}': '{2} 的 {1}',
  'A {1} key{2: for {3} only|} may not do {4}. {5:It takes a key of role {6}: ask an admin for one.|It predicts at /api/v1/deployments/{7}/predict.}':
    '{2:仅限 {3} 的|}{1!}密钥不能执行 {4}。{5:这需要角色为 {6} 的密钥：请向管理员索取。|它可在 /api/v1/deployments/{7}/predict 进行预测。}',
  'This session is over. Log in again.': '此会话已结束。请重新登录。',
  'This link was used before or is too old. Get a new one: neutrino open':
    '此链接已被使用或已过期。请获取新的链接：neutrino open',
  'the run begins anew': '运行重新开始',
  '{1} does not trust this machine': '{1} 不信任本机',
  '{1} does not let this machine train there': '{1} 不允许本机在那里训练',
  '{1} takes no datasets from this machine': '{1} 不接收本机的数据集',
  '{1} helps with {2} runs already': '{1} 已在协助 {2} 次运行',
  'the run is over': '运行已结束',
  'the machine that leads the run is out of reach': '无法连接到主导此运行的机器',
  'this machine helps with no run {1}; neutrino cluster jobs': '本机没有协助运行 {1}；neutrino cluster jobs',
  '{1} was taken out by its owner': '{1} 已被其所有者移出',
  '{1} is being stopped': '{1} 正在停止',
  'the invitation names no dataset': '邀请中没有指明数据集',
  '{1} is disabled and cannot get a key.': '{1} 已停用，不能获得密钥。',
  'Only predictor keys can be limited to deployments; this one is for {1}.':
    '只有预测者密钥可以限定部署；此密钥属于{1!}。',
  'Dataset {1} has no likely target: name the column to label.': '数据集 {1} 没有可能的目标：请指明要标注的列。',
  'Dataset {1} has no column {2}.{3: Did you mean {4}?|}': '数据集 {1} 没有列 {2}。{3:您是指 {4} 吗？|}',
  'Name the model that shall score the rows: model=NAME.': '请指明为各行打分的模型：model=NAME。',
  'Model {1} predicts no labels.': '模型 {1} 不预测标签。',
  'Steps of {1}’s recipe were taken back. Apply the recipe first: neutrino datasets recipe {2} apply':
    '{1} 的配方中有步骤被撤回。请先应用配方：neutrino datasets recipe {2} apply',
  'There is no row {1}: the dataset has rows 0 to {2}.': '没有第 {1} 行：数据集有第 0 到 {2} 行。',
  'No label of {1} waits to be applied.': '{1} 没有待应用的标签。',
  'The recipe of {1} has steps that are not applied; apply it, and the labels go with it: neutrino datasets recipe {2} apply':
    '{1} 的配方中有尚未应用的步骤；应用配方时标签会一并应用：neutrino datasets recipe {2} apply',
  'The model predicts no labels.': '该模型不预测标签。',
  'The wait for a device was cancelled.': '已取消等待设备。',
  'Send the .neutrino file as the body of the request.': '请将 .neutrino 文件作为请求正文发送。',
  'Deployment {1} serves {2}@{3}. Stop it first: neutrino deployments stop {4}':
    '部署 {1} 正在使用 {2}@{3}。请先停止它：neutrino deployments stop {4}',
  "A model's name has no @, / or control characters: {1}": '模型名称不能含有 @、/ 或控制字符：{1}',
  '{1} inputs in one call; send at most {2} at a time.': '一次调用有 {1} 个输入；每次最多发送 {2} 个。',
  'version {1} of {2} is not served; {3} are': '{2} 的版本 {1} 没有在服务；在服务的有 {3}',
  'nothing of this input can be left out: words of texts, numbers and categories can':
    '此输入中没有可以去掉的部分：可以去掉文本中的词、数值和类别',
  'only answers that are a class or a number can be explained': '只有类别或数值的回答可以解释',
  'The scores of run {1} went with its model, which was deleted. Train again to have them.':
    '运行 {1} 的得分已随其模型一起删除。请重新训练以获得得分。',
  'Run {1} has no model, so nothing was said of any row.': '运行 {1} 没有模型，因此没有对各行的判断。',
  'Run {1} kept no scores by row: they are kept for classes and quantities, since version 0.1.0. Train again to have them.':
    '运行 {1} 没有保留逐行得分：自 0.1.0 版起对类别和数值保留。请重新训练以获得得分。',
  'there is no class {1}; the classes are: {2}': '没有类别 {1}；现有类别：{2}',
  '{1} is not below an import folder of this appliance. Move it there, or upload it.':
    '{1} 不在此 Neutrino 服务的导入文件夹内。请移到其中，或上传。',
  "This key may not name files on the appliance's machine. Upload the file instead.":
    '此密钥不能指定运行 Neutrino 的机器上的文件。请改为上传文件。',
  'Give the absolute path of {1}.': '请给出 {1} 的绝对路径。',
  'There is no file or folder {1}. Check the path.': '没有文件或文件夹 {1}。请检查路径。',
  '{1} is no pretrained model. Name its folder (config.json, model.safetensors) or an .onnx or .gguf file.':
    '{1} 不是预训练模型。请指明它的文件夹（config.json、model.safetensors），或 .onnx、.gguf 文件。',
  '{1} is not a regular file.': '{1} 不是普通文件。',
  'nothing is served; deploy a model first': '没有在服务的模型；请先部署一个',
  'say which: /invocations?deployment=NAME with one of {1}': '请指明是哪一个：/invocations?deployment=NAME，可选 {1}',
  'Run {1} is no search; nothing can be begun from it.': '运行 {1} 不是搜索；不能从它开始。',
  'Run {1} kept no trials to begin from.': '运行 {1} 没有保留可作起点的试验。',
  'Run {1} is {2}: wait until it is over.': '运行 {1} {2!}：请等它结束。',
  'Run {1} had another {2:seed|ignore|scaling|split|test|dataset or target}: its trials say nothing here.':
    '运行 {1} 的{2:种子|忽略的列|缩放方式|划分方式|测试数据|数据集或目标}不同：它的试验在此没有参考意义。',
  'a search is done again as it was: leave budget, trials and space out':
    '重做搜索须与原来一致：请去掉 budget、trials 和 space',
  'Dataset {1} no longer has the version that the recipe joins. Take that step back and add it again.':
    '数据集 {1} 已没有配方所连接的版本。请撤回该步骤后重新添加。',
  'A dataset cannot be joined with itself.': '数据集不能与自身连接。',
  'Dataset {1} is being changed already. Wait until that is done.': '数据集 {1} 正在更改中。请等它完成。',
  'Labels were set on the present version, whose steps were taken back. Apply the labels first: neutrino datasets label apply.':
    '当前版本上设有标签，而其步骤已被撤回。请先应用标签：neutrino datasets label apply。',
  'Dataset {1} has no column {2}.': '数据集 {1} 没有列 {2}。',
  'The recipe of {1} has no step to take back.': '{1} 的配方没有可撤回的步骤。',
  'Labels were set on the present version. Apply them first: neutrino datasets label apply.':
    '当前版本上设有标签。请先应用：neutrino datasets label apply。',
  'a child that exports needs a socket': '负责导出的进程需要一个套接字',
  'No row of {1} is kept with its right answer. Set watching.sample above 0 and send labels to its feedback first.':
    '{1} 没有保留带正确答案的行。请先将 watching.sample 设为大于 0，并向它的 feedback 发送标签。',
  '{1}@{2} was not trained here, so that its training cannot be repeated.': '{1}@{2} 不是在此训练的，无法重复其训练。',
  'dataset {1} stays on this machine; allow it to go to peers first: neutrino cluster keep {2} no':
    '数据集 {1} 不离开本机；请先允许它发往其他机器：neutrino cluster keep {2} no',
  'nobody else could take part when the run began': '运行开始时没有其他机器可以参加',
  'every batch is shared with {1}, each machine its part after its speed': '每一批与 {1} 分担，各机器按速度承担一份',
  'machines meet every {1} steps, because that was asked for: about a hundredth of the bytes, and a model close to one machine’s':
    '按要求每 {1} 步汇合一次：传输量约为百分之一，得到的模型与单机相近',
  'what changed travels as {1}, because that was asked for': '按要求以 {1} 传输变化量',
  'machines meet at every step, because that was asked for; {1:gradients travel as {2}, because that was asked for|gradients travel as they are}':
    '按要求每一步都汇合；{1:按要求以 {2} 传输梯度|梯度按原样传输}',
  'gradients travel as {1}, because that was asked for': '按要求以 {1} 传输梯度',
  'gradients travel as they are': '梯度按原样传输',
  'the link to it was lost': '与它的连接已断开',
  'it is not paired any more': '它已不再配对',
  '{1} is not trained in steps, which is what machines share; leave --peers out':
    '{1} 不按步训练，而机器之间分担的正是各步；请去掉 --peers',
  'a search is run on one machine; name a network with --model to train it over several':
    '搜索只在一台机器上进行；要用多台机器训练，请用 --model 指定一种网络',
  'a ranking compares the rows of a batch with each other, so that they cannot be shared out; leave --peers out':
    '排序模型会比较同一批中的各行，因此无法分担；请去掉 --peers',
  'runs over several machines are computed on processors; leave --device out':
    '多台机器的运行在处理器上计算；请去掉 --device',
  '{1} is not paired; neutrino cluster pair {2}': '{1} 尚未配对；neutrino cluster pair {2}',
  'there is no link to {1}{2:: {3}|}; neutrino cluster diagnose':
    '与 {1} 没有连接{2:：{3}|}；neutrino cluster diagnose',
  'of an unknown version': '的未知版本',
  '{1} runs Neutrino {2}, this machine {3}: runs are shared between like versions only':
    '{1} 运行 Neutrino {2}，本机为 {3}：只有相同版本之间才能分担运行',
  '{1} does not let this machine train there; on {2}: neutrino cluster allow {3} --train yes':
    '{1} 不允许本机在那里训练；请在 {2} 上：neutrino cluster allow {3} --train yes',
  '{1} takes no datasets from this machine; on {2}: neutrino cluster allow {3} --data yes':
    '{1} 不接收本机的数据集；请在 {2} 上：neutrino cluster allow {3} --data yes',
  'none is paired': '没有已配对的机器',
  'no other machine can train along: {1}': '没有其他机器可以一起训练：{1}',
  'The test dataset {1} has no column {2}.': '测试数据集 {1} 没有列 {2}。',
  'folds are for a search over families of a table or texts: leave --model, --set and --epochs out':
    '折数用于对表格或文本的多种模型进行搜索：请不要写 --model、--set 和 --epochs',
  'a space is for a search over families of a table or texts: leave --model, --set and --epochs out':
    '搜索空间用于在表格或文本的各模型族中搜索：请去掉 --model、--set 和 --epochs',
  'Dataset {1} is not the one that this run began with.': '数据集 {1} 不是此运行开始时所用的那个。',
  'Run {1} is {2} already.': '运行 {1} {2!}。',
  'The run was stopped while it was queued.': '运行在排队时被停止。',
  'Run {1} is finished. Start another one: neutrino train': '运行 {1} 已完成。请开始新的运行：neutrino train',
  'Name at least two runs to compare': '请至少指定两次运行进行比较',
  'The appliance ended during this run. Go on with: neutrino runs resume {1}':
    '运行过程中 Neutrino 服务意外结束。继续运行：neutrino runs resume {1}',
  'The appliance was stopped.': 'Neutrino 服务已停止。',
  'Dataset {1} has no column {2} to ignore. It has: {3}': '数据集 {1} 没有可忽略的列 {2}。现有：{3}',
  'Column {1} is the target and cannot be ignored.': '列 {1} 是目标，不能忽略。',
  'Dataset {1} has no column left to learn from.': '数据集 {1} 没有剩下可学习的列。',
  'There is no file of predictions {1} of {2}.': '{2} 没有批量预测文件 {1}。',
  'The file is empty; send CSV with a header line.': '文件是空的；请发送带表头的 CSV。',
  'The appliance was stopped; send the file again.': 'Neutrino 服务已停止；请重新发送文件。',
  'Send the CSV file as the body of the request.': '请将 CSV 文件作为请求正文发送。',
  'There are no predictions: {1}': '没有预测结果：{1}',
  '{1} rows are done; the file is not ready yet.': '已完成 {1} 行；文件尚未就绪。',
  'It was stopped.': '已被停止。',
  'The appliance ended during this file; send it again.': '处理此文件时 Neutrino 服务意外结束；请重新发送。',
  'what was served before is still starting; ask again': '此前服务的模型仍在启动；请稍后再问',
  'The appliance was stopped during this run. Go on with: neutrino runs resume {1}':
    '运行过程中 Neutrino 服务被停止。继续运行：neutrino runs resume {1}',
  'a pack that was sent is not the one that was promised': '发来的数据包与预告的不符',
  'the appliance of {1} runs (pid {2}); stop it first': '{1} 的 Neutrino 服务正在运行（pid {2}）；请先停止它',
  'There is no upload {1}. Begin it again.': '没有上传 {1}。请重新开始。',
  'Upload {1} was given up. Begin it again.': '上传 {1} 已放弃。请重新开始。',
  'Too many uploads are on their way. Wait for some to end, or cancel them.':
    '正在进行的上传过多。请等一些结束，或取消它们。',
  'Upload {1} is being added to. Wait for that, or begin another.': '上传 {1} 正在追加内容。请等待，或另开一个。',
  'The upload is too slow: at least {1} KiB a minute are expected. Go on with it when the network is better.':
    '上传过慢：每分钟至少应有 {1} KiB。请在网络好转后继续。',
  '{1} is larger than limits.upload allows. Split it.': '{1} 超过 limits.upload 的限制。请拆分它。',
  'Send the bytes as the body of the request.': '请将数据作为请求正文发送。',
  'Upload {1} goes on at {2}, not at {3}.': '上传 {1} 应从 {2} 继续，而不是 {3}。',
  'Upload {1} is still arriving. Wait for it.': '上传 {1} 仍在到达。请等待。',
  'Dataset {1} is {2}. Wait until it is ready.': '数据集 {1} {2!}。请等它就绪。',
  'Dataset {1} has no version {2}. It has: {3}.': '数据集 {1} 没有版本 {2}。现有：{3}。',
  'Deployment {1} is saved; nothing watches it until an appliance stays up: neutrino start':
    '部署 {1} 已保存；要有常驻的 Neutrino 服务才会监控它：neutrino start',
  'a forecast follows from the rows behind, not from one: use neutrino predict, or send them as a history':
    '预测依据过去的多行，而不是一行：请使用 neutrino predict，或将它们作为 history 发送',
  'a federated run takes three machines or more, so that no sum tells what one of them brought; name two peers or more with --peers':
    '联邦运行需要三台或更多机器，这样任何总和都不会透露其中一台的贡献；请用 --peers 指定两台或更多',
  'a federated run trains one network from its beginning; name it with --model, for instance mlp':
    '联邦运行从头训练一个网络；请用 --model 指定，例如 mlp',
  'a federated run learns a column of classes or numbers': '联邦运行学习的是类别列或数值列',
  'what federated members bring travels under masks, as it is; leave --wire out':
    '联邦成员的贡献本来就在掩码下传输；请去掉 --wire',
  '{1} has no dataset {2}': '{1} 没有数据集 {2}',
  'the owner of {1} does not offer dataset {2}; there: neutrino cluster offer {3} yes':
    '{1} 的所有者没有提供数据集 {2}；请在那台机器上运行：neutrino cluster offer {3} yes',
  'dataset {1} of {2} has no column {3}': '{2} 的数据集 {1} 没有列 {3}',
  'column {1} of dataset {2} is {3} at {4}, and {5} at the leading machine':
    '数据集 {2} 的列 {1} 在 {4} 上是{3}，在主导机器上是{5}',
  'this machine trains on rows of its own, which stay here': '本机用自己的行训练，这些行不会离开本机',
  'each machine trains on rows of its own: {1} and this one': '每台机器用自己的行训练：{1} 和本机',
  'they meet every {1} steps; what changed is summed under masks, so that nobody sees what one machine brought':
    '它们每 {1} 步汇合一次；变化在掩码下求和，因此谁也看不到单台机器的贡献',
};
