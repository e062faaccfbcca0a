"""Writes the media files beside it as ComfyUI and its packs do: Pillow for images, FFmpeg through PyAV for the rest.

pip install pillow av, then: python3 make.py
"""
import json, os, av
from PIL import Image
from PIL.PngImagePlugin import PngInfo
out=os.path.dirname(os.path.abspath(__file__))
prompt={"1":{"class_type":"EmptyImage","inputs":{"width":8,"height":8,"batch_size":1,"color":18446744073709551615},"_meta":{"title":"Ein Bild – 图"}},"2":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"sample"}}}
workflow={"last_node_id":2,"nodes":[{"id":1,"type":"EmptyImage","mode":0,"inputs":[],"outputs":[],"widgets_values":[8,8,1,18446744073709551615]}],"links":[],"version":0.4,"nan":float('nan')}
P=json.dumps(prompt); W=json.dumps(workflow)
im=Image.new('RGB',(2,2),(10,20,30))
def png(name,**kw):
    i=PngInfo(); i.add_text('prompt',P,**kw); i.add_text('workflow',W,**kw); im.save(f'{out}/{name}',pnginfo=i)
png('text.png'); png('ztext.png',zip=True)
i=PngInfo(); i.add_itxt('prompt',json.dumps(prompt,ensure_ascii=False)); i.add_itxt('workflow',json.dumps(workflow,ensure_ascii=False),zip=True); im.save(f'{out}/itext.png',pnginfo=i)
i=PngInfo(); i.add(b'comf',b'prompt\0'+P.encode('latin-1'),after_idat=True); i.add(b'comf',b'workflow\0'+W.encode('latin-1'),after_idat=True)
im.save(f'{out}/animated.png',pnginfo=i,save_all=True,append_images=[Image.new('RGB',(2,2))])
ex=im.getexif(); ex[0x0110]='prompt:'+P; ex[0x010f]='workflow:'+W
im.save(f'{out}/still.webp',exif=ex)
im.save(f'{out}/animated.webp',exif=ex,save_all=True,append_images=[Image.new('RGB',(2,2))],duration=100)
im.save(f'{out}/exif.jpg',exif=ex)
def video(name,fmt,codec,opts,md):
    c=av.open(f'{out}/{name}','w',format=fmt,options=opts)
    for k,v in md.items(): c.metadata[k]=v
    s=c.add_stream(codec,rate=10); s.width=16; s.height=16; s.pix_fmt='yuv420p'
    for _ in range(2):
        f=av.VideoFrame(16,16,'yuv420p')
        for p in f.planes: p.update(bytes(p.buffer_size))
        for pk in s.encode(f): c.mux(pk)
    for pk in s.encode(None): c.mux(pk)
    c.close()
md={'prompt':P,'workflow':W}
video('keys.mp4','mp4','mpeg4',{'movflags':'use_metadata_tags'},md)
video('keys.mov','mov','mpeg4',{'movflags':'use_metadata_tags'},md)
video('faststart.mp4','mp4','mpeg4',{'movflags':'use_metadata_tags+faststart'},md)
video('tags.webm','webm','libvpx-vp9',{},md)
video('tags.mkv','matroska','mpeg4',{},md)
comment=json.dumps({'prompt':P,'workflow':workflow,'CreationTime':'2026-01-01 00:00:00'})
video('comment.mp4','mp4','mpeg4',{},{'comment':comment})
video('comment.webm','webm','libvpx-vp9',{},{'comment':comment})
def audio(name,fmt,codec,rate=48000):
    c=av.open(f'{out}/{name}','w',format=fmt)
    c.metadata['prompt']=P; c.metadata['workflow']=W
    s=c.add_stream(codec,rate=rate,layout='mono')
    fsz=s.codec_context.frame_size or 1024
    f=av.AudioFrame(format=s.codec_context.format.name,layout='mono',samples=fsz or 1024); f.sample_rate=rate
    for p in f.planes: p.update(bytes(p.buffer_size))
    f.pts=0
    for pk in s.encode(f): c.mux(pk)
    for pk in s.encode(None): c.mux(pk)
    c.close()
for a in (('sound.flac','flac','flac'),('sound.mp3','mp3','libmp3lame'),('sound.opus','opus','libopus')):
    audio(*a)
