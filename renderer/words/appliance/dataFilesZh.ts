// What reading files and addresses into datasets (engine/data: formats, sources, media, load, inspect) says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const dataFilesZh: Record<string, string> = {
  '{1} {2:is compressed in a way that is not read: write it with zstd or without compression|is damaged or cut off. Copy it again}.':
    '{1} {2:使用了无法读取的压缩方式：请以 zstd 或不压缩的方式写出|已损坏或不完整。请重新复制}。',
  '{1} {2:file|files} of other kinds in {3} {4:was|were} left out.': '{3} 中有 {1} 个其他类型的文件未使用。',
  '{1}: no file can be used. The first, {2}, {3}.': '{1}：没有可用的文件。第一个文件 {2} {3}。',
  '{1} cannot be read.': '无法读取 {1}。',
  '{1} {2:file cannot be used and was|files cannot be used and were} left out: {3}{4: and {5} more|}.':
    '有 {1} 个文件无法使用，已略去：{3}{4: 等，另有 {5} 个|}。',
  'may not be read': '不允许读取',
  'is gone': '已不存在',
  'is a binary file': '是二进制文件',
  'is not UTF-8': '不是 UTF-8 编码',
  'is empty': '是空的',
  'is larger than {1} MiB': '超过 {1} MiB',
  '{1} is larger than 256 MiB. Make it smaller.': '{1} 超过 256 MiB。请缩小。',
  '{1} has no column with the names of the files in {2}. Add one.': '{1} 中没有列给出 {2} 里的文件名。请增加一列。',
  '{1} names {2} twice. Leave one line a file.': '{1} 中 {2} 出现了两次。每个文件请只留一行。',
  '{1} {2:file does|files do} not stand in {3}: what it says is missing for them.':
    '{3} 中没有{1} 列出的 {2} 个文件：它们的说明缺失。',
  '{1} needs more memory than an import may take. Split it, or raise limits.importerMemory.':
    '{1} 所需的内存超过导入的上限。请拆分它，或提高 limits.importerMemory。',
  '{1} {2:has files whose columns do not fit together|is encrypted|is a damaged or cut off Parquet file}. {3:Write them again with one schema|Write it again without|Copy it again}.':
    '{1} {2:中各文件的列互不相符|已加密|是损坏或不完整的 Parquet 文件}。请{3:以同一结构重新写出|不加密重新写出|重新复制}。',
  '{1} is a damaged or cut off Parquet file. Copy it again.': '{1} 是损坏或不完整的 Parquet 文件。请重新复制。',
  '{1} has no columns. Choose another file.': '{1} 没有列。请选择其他文件。',
  '{1} has {2} columns; at most {3} are possible. Remove some.': '{1} 有 {2} 列；最多 {3} 列。请去掉一些。',
  '{1}: columns {2} and {3} are both named {4}. Rename one.':
    '{1}：第 {2} 列和第 {3} 列同名，都叫 {4}。请重命名其中一列。',
  '{1} is a damaged or cut off SQLite file. Copy it again.': '{1} 是损坏或不完整的 SQLite 文件。请重新复制。',
  '{1} has no table. Choose another file.': '{1} 没有表。请选择其他文件。',
  '{1:{2} has several tables: name one with --table|{3} has no table {4}}. It has {5}.':
    '{1:{2} 有多个表：请用 --table 指定一个|{3} 没有表 {4}}。它有 {5}。',
  '{1} is a damaged Excel workbook. Open it, save it again, and import that.':
    '{1} 是损坏的 Excel 工作簿。请打开后重新保存，再导入。',
  '{1} has no sheet {2}. Its sheets: {3}.': '{1} 没有工作表 {2}。它的工作表：{3}。',
  'Of {1} sheets in {2} only {3} was imported; name another with --table.':
    '{2} 有 {1} 个工作表，只导入了 {3}；可用 --table 指定其他表。',
  '{1} has more than 512 MiB of texts. Save the sheet as CSV and import that.':
    '{1} 中的文本超过 512 MiB。请将工作表另存为 CSV 后导入。',
  'The sheet is empty. Choose another one with --table.': '工作表是空的。请用 --table 选择其他表。',
  '{1} has more than {2} columns. Remove some.': '{1} 超过 {2} 列。请去掉一些。',
  '{1} is empty. Choose a file with a header and rows.': '{1} 是空的。请选择有表头和行的文件。',
  '{1} holds only blanks. Choose a file with a header and rows.': '{1} 中只有空白。请选择有表头和行的文件。',
  '{1}: the first line is longer than 1 MiB. Check that it is a table.': '{1}：第一行超过 1 MiB。请确认它是一张表。',
  '{1} is not a whole {2:gzip|zstd} file. Compress it again or import it uncompressed.':
    '{1} 不是完整的 {2:gzip|zstd} 文件。请重新压缩，或不压缩直接导入。',
  '{1} unpacks to far more than a table of its size. Decompress it yourself and look at it.':
    '{1} 解压后远大于同等大小的表。请自行解压并检查。',
  'Import it as a file, not inside of another': '请作为单独的文件导入，而不是放在其他文件里',
  'Save it as .xlsx or CSV': '请另存为 .xlsx 或 CSV',
  'Write it again as version 2': '请以版本 2 重新写出',
  'Write it as Parquet': '请写成 Parquet',
  'Write its table as Parquet or CSV': '请将其中的表写成 Parquet 或 CSV',
  'Export its table as CSV': '请将其中的表导出为 CSV',
  'Import the folder, or a zip, of all images': '请导入包含全部图像的文件夹或 zip',
  'Import the folder, or a zip, of all of them': '请导入包含全部文件的文件夹或 zip',
  'Import the folder, or a zip, of all clips': '请导入包含全部音频的文件夹或 zip',
  'Choose a table': '请选择一张表',
  'Decompress it first (gzip and zstd are read as they are)': '请先解压（gzip 和 zstd 可直接读取）',
  'Decompress it once': '请先解压一次',
  'Unpack it first': '请先解包',
  'a zip': 'zip 文件',
  'an old Office file': '旧版 Office 文件',
  'a Parquet file': 'Parquet 文件',
  'a Feather file of version 1': '版本 1 的 Feather 文件',
  'an ORC file': 'ORC 文件',
  'an Avro file': 'Avro 文件',
  'an HDF5 file': 'HDF5 文件',
  'a Python pickle': 'Python pickle 文件',
  'a PDF': 'PDF 文件',
  'one image': '单张图像',
  'one image or clip': '单个图像或音频',
  'one clip': '单个音频',
  'a program': '可执行程序',
  'compressed twice': '经过两次压缩的文件',
  'a 7z archive': '7z 压缩包',
  'a RAR archive': 'RAR 压缩包',
  '{1} is {2}. {3:Import it as a file, not inside of another|Save it as .xlsx or CSV|Write it again as version 2|Write it as Parquet|Write its table as Parquet or CSV|Export its table as CSV|Import the folder, or a zip, of all images|Import the folder, or a zip, of all of them|Import the folder, or a zip, of all clips|Choose a table|Decompress it first (gzip and zstd are read as they are)|Decompress it once|Unpack it first}.':
    '{1} 是{2}。{3:请作为单独的文件导入，而不是放在其他文件里|请另存为 .xlsx 或 CSV|请以版本 2 重新写出|请写成 Parquet|请将其中的表写成 Parquet 或 CSV|请将其中的表导出为 CSV|请导入包含全部图像的文件夹或 zip|请导入包含全部文件的文件夹或 zip|请导入包含全部音频的文件夹或 zip|请选择一张表|请先解压（gzip 和 zstd 可直接读取）|请先解压一次|请先解包}。',
  '{1} is a binary file, not a table of text. Choose a table.': '{1} 是二进制文件，不是文本表格。请选择一张表。',
  '{1}: columns {2} and {3} are both named {4}. Rename one in the first line.':
    '{1}：第 {2} 列和第 {3} 列同名，都叫 {4}。请在第一行中重命名其中一列。',
  '{1} has a header but no rows. Add rows, or choose another file.': '{1} 有表头但没有行。请增加行，或选择其他文件。',
  'The import was cancelled.': '导入已取消。',
  reading: '正在读取',
  'an import that masks needs a key': '带脱敏的导入需要密钥',
  masking: '正在脱敏',
  inspecting: '正在检查',
  writing: '正在写入',
  'A type is given for column {1}, which the file does not have.{2: Did you mean {3}?|}':
    '为列 {1} 指定了类型，但文件中没有该列。{2:您是指 {3} 吗？|}',
  'Column {1} holds more than yes and no. Import it as a category.': '列 {1} 中不只有是和否。请作为类别导入。',
  '{1} may be day/month or month/day; day first was assumed. Write dates as 2026-01-31.':
    '{1} 可能是日/月，也可能是月/日；已按日在前处理。请将日期写成 2026-01-31。',
  'Column {1} has {2} different values, too many for a category. Import it as text.':
    '列 {1} 有 {2} 个不同的值，作为类别太多。请作为文本导入。',
  'Column {1}: the value of row {2} is not {3:a number|a date}. Correct it, or import the column as text.':
    '列 {1}：第 {2} 行的值不是{3:数值|日期}。请更正，或将该列作为文本导入。',
  '{1:1 value|{2} values} of {3} (the first in row {4}) {5:is not a number|are not numbers}, so the column is not one of numbers. Correct the file and import it again.':
    '{3} 中有{1: 1 | {2} }个值（首个在第 {4} 行）不是数值，因此该列不是数值列。请更正文件后重新导入。',
  '{1:1 value|{2} values} of {3} (the first in row {4}) {5:is|are} of another kind than the rest and count as missing.':
    '{3} 中有{1: 1 | {2} }个值（首个在第 {4} 行）与其余类型不同，按缺失处理。',
  '{1}: {2:row|line} {3} is not a JSON object. Write each row as {"column": value, …}.':
    '{1}：第 {3} {2:行|行}不是 JSON 对象。请将每行写成 {"column": value, …}。',
  '{1} has more than {2} different keys. Use the same keys in every line.':
    '{1} 有超过 {2} 个不同的键。请在每行使用相同的键。',
  '{1} has no columns: its objects are empty.': '{1} 没有列：其中的对象都是空的。',
  'line {1} has {2} field{3:|s} where {4} are expected. Correct the line, or quote values that contain {5}':
    '第 {1} 行有 {2} 个字段，应为 {4} 个。请更正该行，或给含有 {5} 的值加引号',
  'line {1} has a quote that does not end, or text after one. Write quotes inside values twice ("")':
    '第 {1} 行有未闭合的引号，或引号后还有文字。值中的引号请写两次（""）',
  'line {1} is not UTF-8. If the file is in a Western encoding, import it with --encoding latin-1':
    '第 {1} 行不是 UTF-8 编码。若文件采用西文编码，请用 --encoding latin-1 导入',
  'line {1} is longer than {2} MiB. Check the line ends and the quotes, or shorten the text':
    '第 {1} 行超过 {2} MiB。请检查换行符和引号，或缩短文本',
  'line {1} cannot be read as CSV. Check its quotes and delimiters': '第 {1} 行无法读作 CSV。请检查引号和分隔符',
  'mixes line ends (CRLF and LF), or is not CSV. Make the line ends alike (dos2unix does it)':
    '混用了换行符（CRLF 和 LF），或者不是 CSV。请统一换行符（可用 dos2unix）',
  'line {1} is not a JSON object (near byte {2} of the line). Correct the line':
    '第 {1} 行不是 JSON 对象（该行第 {2} 字节附近）。请更正该行',
  'has a line longer than {1} MiB. Shorten it, or write one object a line':
    '有一行超过 {1} MiB。请缩短它，或每行写一个对象',
  '{1} cannot be read as {2:CSV|JSON lines|a JSON list of objects}. Check that it is whole.':
    '{1} 无法读作 {2:CSV|JSON Lines|JSON 对象列表}。请检查文件是否完整。',
  'There is no column {1} to mask. The file has: {2}.': '没有可脱敏的列 {1}。文件中有：{2}。',
  'is damaged or cut off': '已损坏或不完整',
  'is not a WAV, FLAC or MP3 file': '不是 WAV、FLAC 或 MP3 文件',
  'holds no sound': '没有声音',
  'is longer than an hour: cut it up': '超过一小时：请切分',
  'has more than {1} million pixels': '超过 {1} 百万像素',
  'is not a PNG, JPEG, WebP or TIFF image': '不是 PNG、JPEG、WebP 或 TIFF 图像',
  'inputs[{1}].{2} {3}. Send a whole file as base64.': 'inputs[{1}].{2} {3}。请以 base64 发送完整的文件。',
  'inputs[{1}].{2} must be a file as base64. Send a text, or null where it is missing.':
    'inputs[{1}].{2} 必须是 base64 编码的文件。请发送文本；缺失时发送 null。',
  'inputs[{1}].{2} is larger than 64 MiB. Send a smaller file.': 'inputs[{1}].{2} 超过 64 MiB。请发送较小的文件。',
  'inputs[{1}].{2} is not base64. Encode the file, for instance with base64 -w0.':
    'inputs[{1}].{2} 不是 base64。请编码文件，例如用 base64 -w0。',
  'row {1} was taken before it was prepared': '第 {1} 行在备妥之前就被取用',
  'has sound before it says which kind': '在说明格式之前就出现了声音数据',
  'is cut off': '不完整',
  'is a WAV file of a kind that is not read (PCM and float are)': '是无法读取的 WAV 类型（可读 PCM 和浮点）',
  'is damaged': '已损坏',
  '{1} is missing in {2} % of the rows.': '{1} 在 {2} % 的行中缺失。',
  '{1} {2:class|classes} of {3} have fewer than {4} rows: too few to learn from or to test on.':
    '{3} 有 {1} 个类别不足 {4} 行：难以学习和测试。',
  'There are only {1} rows: what a model learns from them, and its test, will be rough.':
    '只有 {1} 行：模型学到的内容和测试结果都会比较粗略。',
  'There is no file {1}. Check the path.': '没有文件 {1}。请检查路径。',
  '{1} is a folder. Name one file in it.': '{1} 是文件夹。请指明其中的一个文件。',
  '{1} is not a plain file. Choose a table.': '{1} 不是普通文件。请选择一张表。',
  '{1} cannot be read. Check its permissions.': '无法读取 {1}。请检查它的权限。',
  '{1} did not arrive whole. Send it again.': '{1} 没有完整到达。请重新发送。',
  '{1} is damaged or cut off: it does not decompress. Copy it again.': '{1} 已损坏或不完整：无法解压。请重新复制。',
  '{1} is cut off. Copy it again.': '{1} 不完整。请重新复制。',
  'The folder {1} cannot be read. Check its permissions, and that it is not too deep.':
    '无法读取文件夹 {1}。请检查它的权限，并确认它没有嵌套过深。',
  '{1} has stopped sending. Check the network and import it again.': '{1} 已停止发送。请检查网络后重新导入。',
  '{1} broke off before everything had arrived. Import it again.': '{1} 在全部到达之前中断了。请重新导入。',
  '{1} answers with more than 16 MiB where a list was asked for. Check the address.':
    '{1} 在被请求列表时返回了超过 16 MiB 的内容。请检查地址。',
  '{1} cannot be read: SQLite says “{2}”. Name another table with --table, or export its rows as CSV.':
    '无法读取 {1}：SQLite 提示“{2}”。请用 --table 指定其他表，或将其中的行导出为 CSV。',
  'The sheet {1} does not lie in {2}. Save the workbook again.': '工作表 {1} 不在 {2} 里。请重新保存工作簿。',
  '{1} is a web page, not a table. Download the table itself (a page to log in on may stand in its way).':
    '{1} 是网页，不是表。请下载表本身（可能被登录页挡住了）。',
  '{1} has {2} columns, which need more memory than an import may take. Leave some out, or raise limits.importerMemory.':
    '{1} 有 {2} 列，所需的内存超过导入的上限。请去掉一些列，或提高 limits.importerMemory。',
  'holds numbers that are no sound': '其中的数值不是声音',
  '{1} changed while it was read. Import it again when nobody writes to it.':
    '{1} 在读取时发生了变化。请在没有人写入时重新导入。',
  '{1} points to {2}, which is not allowed.': '{1} 指向 {2}，这不被允许。',
  '{1} lists in circles. Check that it speaks S3.': '{1} 的列表循环往复。请确认它使用 S3 协议。',
  '{1} has folders in folders without end. Import a part of it.': '{1} 的文件夹层层嵌套没有尽头。请导入其中一部分。',
  '{1} has two files called {2}. Make it again from a folder.': '{1} 中有两个名为 {2} 的文件。请从文件夹重新制作。',
  '{1} is packed in a way that is not read (method {2}). Make it again with Deflate.':
    '{1} 使用了无法读取的压缩方法（{2}）。请用 Deflate 重新制作。',
  '{1} has more than {2} files. Import a part of it.': '{1} 中的文件超过 {2} 个。请导入其中一部分。',
  '{1} is not a plain file. Choose a file or a folder.': '{1} 不是普通文件。请选择文件或文件夹。',
  "{1} is larger than 512 MiB. Import it by its path on the appliance's machine, or export its table as CSV.":
    '{1} 超过 512 MiB。请按运行 Neutrino 的机器上的路径导入，或将其中的表导出为 CSV。',
  '{1} is called an Excel workbook but {2:holds something else|is a zip without a workbook in it}. Save it from Excel as .xlsx, or give it the ending of what it is (.csv, .zip).':
    '{1} 名为 Excel 工作簿，但{2:内容不是|只是不含工作簿的 zip}。请在 Excel 中另存为 .xlsx，或改用与内容相符的扩展名（.csv、.zip）。',
  '{1} has neither images, sound, texts nor a single table. Unpack it and import a file of it.':
    '{1} 中既没有图像、声音、文本，也没有单独的一张表。请解包后导入其中的文件。',
  'The folder {1} has no files. Choose another one.': '文件夹 {1} 中没有文件。请选择其他文件夹。',
  'The folder {1} has neither Parquet files, images, sound nor texts. Import a file of it.':
    '文件夹 {1} 中没有 Parquet 文件、图像、声音或文本。请导入其中的文件。',
  '{1} does not answer. Check the address and the network.': '{1} 没有应答。请检查地址和网络。',
  '{1} points to {2}, which is not allowed. Import from there by its own address.':
    '{1} 指向 {2}，这不被允许。请直接用其自身的地址导入。',
  '{1} sends in circles.': '{1} 循环重定向。',
  '{1} points to something that is no web address.': '{1} 指向的不是网页地址。',
  '{1} refuses these credentials ({2}). Correct them: neutrino credentials.':
    '{1} 拒绝了这些凭据（{2}）。请更正：neutrino credentials。',
  '{1} has no {2}. Check the address.': '{1} 上没有 {2}。请检查地址。',
  '{1} answers {2}. Try again later.': '{1} 应答 {2}。请稍后再试。',
  '{1} does not give ranges of {2}. Download it and import the file.': '{1} 不支持按范围读取 {2}。请下载后导入文件。',
  '{1} did not arrive whole. Import it again.': '{1} 没有完整到达。请重新导入。',
  'A database needs a query: --query "SELECT …".': '数据库需要查询语句：--query "SELECT …"。',
  '{1} is not read. Use https, s3, webhdfs or postgres.': '无法读取 {1}。请使用 https、s3、webhdfs 或 postgres。',
  'There is nothing at {1}. Check the address.': '{1} 处没有内容。请检查地址。',
  '{1} refuses this user or password. Correct them: neutrino credentials.':
    '{1} 拒绝了此用户或密码。请更正：neutrino credentials。',
  'The database answers: {1}. Correct the query.': '数据库应答：{1}。请更正查询。',
  '{1} does not answer as PostgreSQL. Check the address and the network.':
    '{1} 没有以 PostgreSQL 应答。请检查地址和网络。',
  '{1} has more than {2} objects. Import a part of it.': '{1} 中的对象超过 {2} 个。请导入其中一部分。',
  'The store answers a list that cannot be read. Check that it speaks S3.':
    '对象存储返回的列表无法读取。请确认它支持 S3。',
  '{1} does not speak WebHDFS. Check the address.': '{1} 不支持 WebHDFS。请检查地址。',
  'the spooled upload is gone': '上传的暂存文件已不存在',
  '{1} is a damaged or cut off zip. Make it again.': '{1} 是损坏或不完整的 zip。请重新制作。',
  '{1} has a password. Make it again without one.': '{1} 有密码。请不设密码重新制作。',
  '{1} has files that would lie outside of it (such as ../x). Make it again from a folder.':
    '{1} 中有文件会落到它之外（例如 ../x）。请从文件夹重新制作。',
  '{1} unpacks to far more than a zip of its size should. Unpack it yourself and look at it.':
    '{1} 解压后远大于同等大小的 zip。请自行解压并检查。',
  '{1} in {2} is larger than 1 GiB.': '{2} 中的 {1} 超过 1 GiB。',
  '{1}: line {2} (byte {3}) {4:holds a NUL byte|is not UTF-8|ends in the middle of a character|is longer than {5} MiB}. {6:The file is damaged or binary: export it again as text|If the file is in a Chinese encoding, import it with --encoding gb18030 (or big5)|If the file is in a Western encoding, import it with --encoding latin-1|The file is cut off: copy it again|Check the line ends and the quotes, or shorten the text}.':
    '{1}：第 {2} 行（第 {3} 字节）{4:含有 NUL 字节|不是 UTF-8 编码|在字符中间结束|超过 {5} MiB}。{6:文件已损坏或是二进制文件：请重新导出为文本|若文件采用中文编码，请用 --encoding gb18030（或 big5）导入|若文件采用西文编码，请用 --encoding latin-1 导入|文件不完整：请重新复制|请检查换行符和引号，或缩短文本}。',
};
